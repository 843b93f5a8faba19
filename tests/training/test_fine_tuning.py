"""Starting from other weights: all of them, all but some, with low-rank updates, or layer by layer."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file
from torch import Tensor

import mmpt_sign
from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.errors import CheckpointError
from mmpt_sign.models.checkpoint import WEIGHTS
from mmpt_sign.models.dual_encoder import DualEncoder
from mmpt_sign.training.network import SignTextModel
from mmpt_sign.training.optimizer import mark_of
from mmpt_sign.training.run import train
from tests.corpus import tiny_experiment


@pytest.fixture(scope="module")
def first(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two updates."""
    folder = tmp_path_factory.mktemp("first")
    train(experiment_from_values(tiny_experiment(corpus, folder, epochs=1, max_updates=2), "test"), folder / "run")
    return folder / "run"


def tuned(
    corpus: Path,
    folder: Path,
    first: Path,
    *,
    encoder: dict[str, Any] | None = None,
    text: dict[str, Any] | None = None,
    fresh: tuple[str, ...] = (),
    **optim: Any,
) -> Path:
    values: dict[str, Any] = tiny_experiment(corpus, folder, epochs=1, **{"max_updates": 1, "lr": 1e-12, **optim})
    values["video"]["pose"]["encoder"] |= encoder or {}
    values["text"] |= text or {}
    values["init_from"] = {"model": str(first), "fresh": list(fresh)}
    train(experiment_from_values(values, "test"), folder / "run")
    return folder / "run"


def weights(run: Path) -> dict[str, Any]:
    return load_file(run / "model/model.safetensors")


def test_it_begins_with_the_weights_of_the_other_run(corpus: Path, tmp_path: Path, first: Path) -> None:
    before, after = weights(first), weights(tuned(corpus, tmp_path, first))
    assert all(before[key].sub(after[key]).abs().max() < 1e-6 for key in before)


def test_every_difference_is_listed_and_parts_may_start_anew(corpus: Path, tmp_path: Path, first: Path) -> None:
    with pytest.raises(CheckpointError) as caught:
        tuned(corpus, tmp_path / "a", first, encoder={"project": 32})
    assert "missing video.pose.encoder.projection.linear.weight" in str(caught.value)
    assert "fresh: [" in str(caught.value)
    fresh = ("video.pose.encoder.projection", "video.pose.front_end")
    before = weights(first)
    after = weights(tuned(corpus, tmp_path / "b", first, encoder={"project": 32}, fresh=fresh))
    assert not before["video.pose.front_end.network.0.weight"].equal(after["video.pose.front_end.network.0.weight"])
    key = "video.pose.encoder.bert.embeddings.position_embeddings.weight"
    assert before[key].sub(after[key]).abs().max() < 1e-6


def test_low_rank_updates_train_and_are_exported_as_plain_weights(corpus: Path, tmp_path: Path, first: Path) -> None:
    run = tuned(corpus, tmp_path, first, encoder={"lora": {"rank": 2}}, max_updates=3, lr=1e-2)
    before, after = weights(first), weights(run)
    assert before.keys() == after.keys()
    layer = "video.pose.encoder.bert.encoder.layer.0."
    assert before[f"{layer}attention.self.key.weight"].equal(after[f"{layer}attention.self.key.weight"])
    assert not before[f"{layer}attention.self.query.weight"].equal(after[f"{layer}attention.self.query.weight"])
    assert mmpt_sign.load(run).embed_texts(["house"]).shape == (1, 32)


def test_a_text_tower_is_standardised_unless_the_other_one_was(corpus: Path, tmp_path: Path, first: Path) -> None:
    def standardised(name: str, start: Path, *fresh: str) -> tuple[Tensor, Tensor]:
        found = weights(tuned(corpus, tmp_path / name, start, text={"standardise": True}, fresh=fresh))
        return found["text.centre"], found["text.spread"]

    measured, spread = standardised("a", first)
    assert measured.norm() > 0.1
    assert spread != 1
    other = tmp_path / "other"
    shutil.copytree(first / "model", other)
    save_file({**weights(first), "text.centre": measured * 0 + 3, "text.spread": spread * 0 + 2}, other / WEIGHTS)
    centre, spread = standardised("b", other)
    assert (centre == 3).all()
    assert spread == 2
    assert standardised("c", other, "text.centre")[0].equal(measured)


def test_lower_layers_learn_more_slowly(corpus: Path, tmp_path: Path) -> None:
    experiment: Any = experiment_from_values(tiny_experiment(corpus, tmp_path, layer_decay=0.5), "test")
    from mmpt_sign.training.workload import Workload

    model = SignTextModel(DualEncoder(Workload(experiment).experiment), layer_decay=0.5)
    rates = {name.removeprefix("network."): mark_of(p).rate for name, p in model.named_parameters()}
    bert = "video.pose.encoder.bert."
    assert rates[f"{bert}encoder.layer.1.attention.self.query.weight"] == 1.0
    assert rates[f"{bert}encoder.layer.0.attention.self.query.weight"] == 0.5
    assert rates[f"{bert}embeddings.word_embeddings.weight"] == 0.25
    assert rates["video.pose.front_end.network.0.weight"] == 1.0
