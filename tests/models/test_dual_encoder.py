"""The assembled model: parameter counts of the originals, scales, and the exported folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.config.schema import Experiment, InitFrom
from mmpt_sign.errors import CheckpointError
from mmpt_sign.models.checkpoint import load_model, save_model, self_contained
from mmpt_sign.models.dual_encoder import DualEncoder
from mmpt_sign.models.initial import start_from
from tests.models.shapes import TINY

BERT = {
    "hidden_size": 768,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
    "max_position_embeddings": 512,
    "vocab_size": 30522,
}


def experiment(shape: dict[str, Any] | None = None, video_layers: int = 2, points: int = 7, **loss: Any) -> Experiment:
    """An experiment whose pose stream reads ``points`` points."""
    text = {**TINY, "vocab_size": 30522} if shape is None else {**shape, "num_hidden_layers": 12}
    video = TINY if shape is None else {**shape, "num_hidden_layers": video_layers}
    names = [f"POSE_LANDMARKS.{n}" for n in range(points)]
    values: dict[str, Any] = {
        "name": "test",
        "dataset": {"name": "folder", "folder": "."},
        "streams": {"pose": {"kind": "pose", "point_names": names}},
        "video": {"pose": {"encoder": {"name": "bert_video", "weights": None, "architecture": video}}},
        "text": {"name": "bert", "weights": None, "architecture": text},
        "similarity": {"video_text": "pooled_dot"},
        "loss": {"video_text": {"name": "info_nce", **loss}},
    }
    values["video"]["pose"]["front_end"] = "frame_mlp"
    return experiment_from_values(values, "test")


@pytest.mark.parametrize(
    ("vocabulary", "layers", "points", "published"),
    [(28_996, 6, 203, 175_153_920), (28_996, 12, 203, 217_681_152), (30_522, 6, 21, 177_078_528)],
)
def test_parameters_are_those_of_the_original_less_what_it_never_used(
    vocabulary: int, layers: int, points: int, published: int
) -> None:
    """Both poolers, and all rows of the video tower's word table but [CLS] and [SEP]."""
    with torch.device("meta"):
        model = DualEncoder(experiment({**BERT, "vocab_size": vocabulary}, layers, points, scale=1.0))
    unused = 2 * 590_592 + (vocabulary - 2) * 768
    assert sum(p.numel() for p in model.parameters()) == published - unused


def test_the_learned_scale_starts_as_told_and_is_clamped() -> None:
    model = DualEncoder(experiment(initial_scale=20.0, max_scale=30.0))
    with torch.no_grad():
        assert float(model.scale("video_text")) == pytest.approx(20.0, rel=1e-5)
        model.log_scales["video_text"].add_(5.0)
        assert float(model.scale("video_text")) == pytest.approx(30.0)


def test_a_learned_scale_at_its_bound_can_come_down_again() -> None:
    model = DualEncoder(experiment(initial_scale=100.0, max_scale=100.0))
    with torch.no_grad():
        model.log_scales["video_text"].add_(0.01)
    scale = model.scale("video_text")
    assert isinstance(scale, torch.Tensor)
    scale.backward()
    grad = model.log_scales["video_text"].grad
    assert grad is not None
    assert float(grad) == pytest.approx(100.0, rel=1e-4)


def test_an_exported_model_is_the_same_model(tmp_path: Path) -> None:
    made = experiment()
    model = DualEncoder(made).eval()
    save_model(
        tmp_path / "model", model, made, made.text.model_copy(update={"weights": "minilm"}).tokenizer(), {"n": 1}
    )
    again, opened, _, notes = load_model(tmp_path / "model", "cpu")
    expected = self_contained(made)
    assert (opened.streams, opened.video, opened.text) == (expected.streams, expected.video, expected.text)
    assert notes["n"] == 1
    frames, mask = torch.randn(1, 5, 21), torch.ones(1, 5, dtype=torch.bool)
    before = model.encode_video({"pose": (frames, mask)})["video"].pooled
    assert torch.equal(again.encode_video({"pose": (frames, mask)})["video"].pooled, before)
    assert not list(tmp_path.glob(".model*"))


def test_a_run_of_several_seeds_lends_the_same_seed(tmp_path: Path) -> None:
    made = experiment()
    tokenizer = made.text.model_copy(update={"weights": "minilm"}).tokenizer()
    lenders = {seed: DualEncoder(made) for seed in (0, 2)}
    start = InitFrom(model=tmp_path)
    save_model(tmp_path / "seed-0" / "model", lenders[0], made, tokenizer, {})
    start_from(borrower := DualEncoder(made), start, seed=1)  # the only one there is
    save_model(tmp_path / "seed-2" / "model", lenders[2], made, tokenizer, {})
    start_from(other := DualEncoder(made), start, seed=2)
    for mine, theirs in ((borrower, lenders[0]), (other, lenders[2])):
        assert all(torch.equal(a, b) for a, b in zip(mine.parameters(), theirs.parameters(), strict=True))
    with pytest.raises(CheckpointError, match="holds 2 seeds, none of them 1"):
        start_from(DualEncoder(made), start, seed=1)


def test_weights_of_another_model_are_refused_with_the_keys(tmp_path: Path) -> None:
    made = experiment()
    tokenizer = made.text.model_copy(update={"weights": "minilm"}).tokenizer()
    save_model(tmp_path / "model", DualEncoder(made), made, tokenizer, {})
    start_from(DualEncoder(made), InitFrom(model=tmp_path / "model"))
    with pytest.raises(CheckpointError, match=r"front_end.linear1.weight has shape"):
        start_from(DualEncoder(experiment(points=9)), InitFrom(model=tmp_path / "model"))
