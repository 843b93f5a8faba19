"""A run learns, stops cleanly, and goes on as if it had never stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.models import checkpoint
from mmpt_sign.text.weights import locate
from mmpt_sign.training.engine import Engine
from mmpt_sign.training.run import train
from mmpt_sign.training.stop import Stopped
from tests.corpus import tiny_experiment


def run(corpus: Path, folder: Path, evaluate: dict[str, object] | None = None, **optim: object) -> Path:
    values = {**tiny_experiment(corpus, folder, **optim), "evaluate": evaluate or {}}
    train(experiment_from_values(values, "test"), folder / "run")
    return folder / "run"


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "train.jsonl").read_text().splitlines()]


def final_state(folder: Path) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(folder / "checkpoints/last.pt", weights_only=True, map_location="cpu")
    return state


def test_a_run_learns_and_writes_what_it_promises(corpus: Path, tmp_path: Path) -> None:
    folder = run(corpus, tmp_path, epochs=12)
    steps = [line for line in lines(folder) if "loss" in line]
    assert steps[-1]["loss"] < 0.5 * steps[0]["loss"]
    assert {"lr", "gnorm", "examples_per_s", "tokens_per_s", "peak_memory_mb", "scale/video_text"} <= set(steps[0])
    for name in (
        "config.yaml",
        "experiment.json",
        "model/model.safetensors",
        "model/config.json",
        "checkpoints/last.pt",
    ):
        assert (folder / name).is_file()
    looks = [line for line in lines(folder) if "valid/R@1" in line]
    assert len(looks) == 12
    assert looks[-1]["valid/R@1"] > 0.5


def valid(folder: Path) -> list[tuple[int, float]]:
    """The looks at the selecting split: after which update, and what they found."""
    return [(line["update"], line["valid/MRR"]) for line in lines(folder) if "valid/MRR" in line]


def run_in_halves(corpus: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, update: int, **optim: Any) -> Path:
    """Train, ask for a stop after an update, and go on with the same command."""
    after_update = Engine._after_update

    def stop(self: Engine, *given: Any) -> None:
        if self.trainer.get_num_updates() == update:
            self._ask_to_stop(signal.SIGTERM, None)
        after_update(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(Engine, "_after_update", stop)
        with pytest.raises(Stopped):
            run(corpus, folder, **optim)
    return run(corpus, folder, **optim)


@pytest.mark.parametrize(
    ("update", "optim"),
    [
        (6, {"epochs": 3, "average": 0.9}),
        (6, {"epochs": 3, "precision": "bf16"}),
        (4, {"epochs": 2}),  # the last one of an epoch
        (3, {"epochs": 2, "max_updates": 3}),  # the last one of all
    ],
)
def test_a_stopped_run_resumes_bit_for_bit(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, update: int, optim: dict[str, Any]
) -> None:
    from safetensors.torch import load_file

    whole = run(corpus, tmp_path / "whole", **optim)
    halves = run_in_halves(corpus, tmp_path / "halves", monkeypatch, update, **optim)

    expected, found = final_state(whole), final_state(halves)
    assert expected["model"].keys() == found["model"].keys()
    assert all(torch.equal(expected["model"][key], found["model"][key]) for key in expected["model"])
    losses = [[line["loss"] for line in lines(folder) if "loss" in line] for folder in (whole, halves)]
    assert losses[0] == losses[1]
    assert valid(whole) == valid(halves)
    exported = [load_file(folder / "model" / "model.safetensors") for folder in (whole, halves)]
    assert all(torch.equal(exported[0][key], exported[1][key]) for key in exported[0])


def test_a_killed_run_loses_only_what_was_not_saved(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash after some updates: lines past the last checkpoint are dropped and trained again, with equal numbers."""
    whole = run(corpus, tmp_path / "whole", epochs=3)

    class Killed(BaseException):
        pass

    after_update = Engine._after_update

    def die(self: Engine, epochs: Any, *given: Any) -> None:
        after_update(self, epochs, *given)
        if self.trainer.get_num_updates() == 5:
            self._save(epochs)
        if self.trainer.get_num_updates() == 8:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Engine, "_after_update", die)
        with pytest.raises(Killed):
            run(corpus, tmp_path / "killed", epochs=3)
    again = run(corpus, tmp_path / "killed", epochs=3)
    updates = [line["update"] for line in lines(again) if "loss" in line]
    assert updates == sorted(set(updates))
    expected, found = final_state(whole), final_state(again)
    assert all(torch.equal(expected["model"][key], found["model"][key]) for key in expected["model"])


def test_the_best_model_survives_a_kill_between_two_renames(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = run(corpus, tmp_path, epochs=2)
    best = (folder / "model/model.safetensors").read_bytes()
    real = os.replace
    (tmp_path / "fresh").mkdir()

    class Killed(BaseException):
        pass

    def die_before_the_second(source: Any, target: Any) -> None:
        if Path(target) == folder / "model":
            raise Killed
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", die_before_the_second)
        with pytest.raises(Killed):
            checkpoint._swap(tmp_path / "fresh", folder / "model")
    assert not (folder / "model").exists()
    run(corpus, tmp_path, epochs=2)
    assert (folder / "model/model.safetensors").read_bytes() == best


def test_weights_are_found_under_the_data_root(corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MMPT_SIGN_DATA", raising=False)
    shutil.copytree(locate("minilm"), tmp_path / "data/weights/small")
    values = tiny_experiment(corpus, tmp_path, epochs=1, max_updates=1)
    text = {"name": "bert", "weights": "small", "freeze": "all", "project": 32, "max_tokens": 16}
    train(
        experiment_from_values({**values, "text": text, "data_root": str(tmp_path / "data")}, "test"), tmp_path / "run"
    )
    assert (tmp_path / "run/model/config.json").is_file()


def test_parts_get_their_own_learning_rate(corpus: Path, tmp_path: Path) -> None:
    folder = run(corpus, tmp_path, epochs=1, groups={"encoder": 1e-12})
    state = final_state(folder)["last_optimizer_state"]
    factors = {group["factor"] for group in state["param_groups"]}
    assert factors == {1.0, 1e-12 / 1e-3}


@pytest.mark.parametrize("schedule", ["cosine", "polynomial", "constant"])
def test_schedules_warm_up_and_decay(corpus: Path, tmp_path: Path, schedule: str) -> None:
    folder = run(corpus, tmp_path, epochs=2, schedule=schedule, warmup=3)
    rates = [line["lr"] for line in lines(folder) if "lr" in line]
    assert rates[0] < 1e-3
    assert rates[2] == pytest.approx(1e-3)
    assert rates[-1] == pytest.approx(1e-3) if schedule == "constant" else rates[-1] < 0.5e-3


def test_of_equally_good_checkpoints_the_later_one_is_kept(corpus: Path, tmp_path: Path) -> None:
    folder = run(corpus, tmp_path, epochs=3, lr=1e-12)
    assert len({line["valid/geometric_mean"] for line in lines(folder) if "valid/geometric_mean" in line}) == 1
    assert final_state(folder)["extra_state"]["best"]["epoch"] == 3


@pytest.mark.parametrize("precision", ["bf16", "amp"])
def test_half_precision_trains_on_a_cpu(corpus: Path, tmp_path: Path, precision: str) -> None:
    folder = run(corpus, tmp_path, epochs=1, precision=precision)
    assert all(torch.isfinite(value).all() for value in final_state(folder)["model"].values())


def test_mixed_precision_on_a_cpu_is_near_single_precision_and_not_it(corpus: Path, tmp_path: Path) -> None:
    single = run(corpus, tmp_path / "single", epochs=2)
    mixed = run(corpus, tmp_path / "mixed", epochs=2, precision="amp")
    losses = [[line["loss"] for line in lines(folder) if "loss" in line] for folder in (single, mixed)]
    assert losses[0] != losses[1]
    assert losses[0] == pytest.approx(losses[1], rel=0.02)
    weights = final_state(mixed)["model"].values()
    assert {value.dtype for value in weights if value.is_floating_point()} == {torch.float32}


def test_the_average_of_the_weights_is_what_is_exported(corpus: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    folder = run(corpus, tmp_path, epochs=1, average=0.9)
    exported = load_file(folder / "model" / "model.safetensors")
    last = final_state(folder)["model"]
    key = "video.pose.front_end.network.0.weight"
    assert not torch.equal(exported[key], last[f"network.{key}"])


def test_averaging_leaves_frozen_weights_as_they_are(corpus: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    folder = run(corpus, tmp_path, epochs=3, average=0.9)
    exported = load_file(folder / "model" / "model.safetensors")
    last = final_state(folder)["model"]
    frozen = [key for key in exported if key.startswith("text.bert.")]
    assert frozen
    assert all(torch.equal(exported[key], last[f"network.{key}"]) for key in frozen)


def test_a_run_that_ended_early_is_over(corpus: Path, tmp_path: Path) -> None:
    """Patience ends it before its last epoch; the same command finds nothing left to do."""
    folder = run(corpus, tmp_path, {"patience": 1}, epochs=20, lr=1e-12)
    trained = (folder / "train.jsonl").read_bytes()
    assert final_state(folder)["extra_state"]["best"]["looks_since"] == 1
    assert run(corpus, tmp_path, {"patience": 1}, epochs=20, lr=1e-12) == folder
    assert (folder / "train.jsonl").read_bytes() == trained


def test_unreadable_clips_are_skipped_and_listed(tmp_path: Path) -> None:
    from tests.corpus import make_corpus

    corpus = make_corpus(tmp_path / "corpus")
    (corpus / "house-3.npy").write_bytes(b"not an array")
    folder = run(corpus, tmp_path, epochs=1)
    assert "house-3" in (folder / "skipped.csv").read_text()


def test_another_experiment_does_not_go_on_in_the_same_folder(corpus: Path, tmp_path: Path) -> None:
    from mmpt_sign.errors import ConfigError

    run(corpus, tmp_path, epochs=1)
    with pytest.raises(ConfigError, match=r"optim.lr: 0.001 there, 0.002 here"):
        run(corpus, tmp_path, epochs=1, lr=2e-3)
    run(corpus, tmp_path, epochs=2)  # training longer is no other experiment
