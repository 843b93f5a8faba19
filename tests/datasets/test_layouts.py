"""Every corpus of the published systems: files of its layout -> records -> store -> one training step."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from mmpt_sign import registry
from mmpt_sign.batches.collate import Batch, Collator
from mmpt_sign.batches.example import Examples
from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.errors import DataError
from mmpt_sign.features.build import build_store, own_clip
from mmpt_sign.models.dual_encoder import DualEncoder
from mmpt_sign.records import Record
from tests.datasets.layouts import LAYOUTS, TFDS, Layout

pytest.importorskip("pyarrow", reason="parquet files and stores need pyarrow, extra [datasets]")

TINY: dict[str, Any] = {
    "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32, "vocab_size": 30522,
    "max_position_embeddings": 128,
}  # fmt: skip
POINTS = {"kind": "pose", "points": ["RIGHT_HAND_LANDMARKS"], "normalise": "none"}

every_layout = pytest.mark.parametrize("layout", LAYOUTS, ids=[layout.label for layout in LAYOUTS])
and_tfds = pytest.mark.parametrize("layout", [*LAYOUTS, TFDS], ids=[layout.label for layout in (*LAYOUTS, TFDS)])


def made(layout: Layout, root: Path) -> Path:
    layout.make(root / layout.name)
    return root


def records_of(layout: Layout, root: Path) -> list[Record]:
    dataset = registry.build("dataset", layout.name, **layout.options)
    return list(dataset.records(root))


def tiny(dataset: dict[str, Any], stream: dict[str, Any]) -> Any:
    """An experiment whose only real part is the data set."""
    tower = {"front_end": "linear", "encoder": {"name": "bert_video", "weights": None, "architecture": TINY}}
    values = {
        "name": "test/tiny",
        "dataset": dataset,
        "streams": {"main": stream},
        "video": {"main": tower},
        "text": {"name": "bert", "weights": "minilm", "layers": 1, "max_tokens": 16, "project": 16, "freeze": "all"},
        "similarity": {"video_text": "pooled_dot"},
        "loss": {"video_text": "info_nce"},
    }
    return experiment_from_values(values, "test")


def step(batch: Batch, model: DualEncoder) -> float:
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    streams = {name: (frames["x"], frames["mask"]) for name, frames in batch.streams.items()}
    loss = model.losses(model(streams, batch.text_ids, batch.text_mask), batch.same_answer)["loss"]
    loss.backward()
    optimizer.step()
    return float(loss.detach())


@and_tfds
def test_records_say_what_the_corpus_says(layout: Layout, tmp_path: Path) -> None:
    records = records_of(layout, made(layout, tmp_path))
    found = {r.id: (r.split, r.signer, r.sign_language, r.text_language, r.texts[0]) for r in records}
    assert found == layout.expected
    assert len(found) == len(records)
    assert records_of(layout, tmp_path) == records


@and_tfds
def test_from_records_over_a_store_to_a_training_step(layout: Layout, tmp_path: Path) -> None:
    records = records_of(layout, made(layout, tmp_path))
    build_store(records, own_clip, tmp_path / "store")
    experiment = tiny({"name": "stored", "folder": str(tmp_path / "store")}, dict(layout.stream or POINTS))
    stored = list(experiment.dataset.records(None))
    assert [(r.id, r.split, r.texts) for r in stored] == [(r.id, r.split, r.texts) for r in records]

    clip = own_clip(stored[0])
    streams = {name: stream.fixed_to(clip.layout) for name, stream in experiment.streams.items()}
    tokenizer = experiment.text.tokenizer()
    examples = Examples(stored, streams, tokenizer, max_tokens=16, seed=1, training=True)
    batch = Collator(tokenizer.pad_id)([examples[k] for k in range(len(examples))])
    model = DualEncoder(experiment.model_copy(update={"streams": streams}))
    assert torch.isfinite(torch.tensor(step(batch, model)))


def test_poses_and_lips_of_bobsl_in_one_tower(tmp_path: Path) -> None:
    """Which features are read, and whether side by side, is a matter of YAML alone."""
    layout = next(layout for layout in LAYOUTS if "also" in layout.options)
    records = records_of(layout, made(layout, tmp_path))
    experiment = tiny({"name": layout.name, **layout.options}, POINTS)
    lips = tiny({"name": layout.name}, {"kind": "features", "size": 768}).streams["main"]
    streams = {"pose": experiment.streams["main"].fixed_to(own_clip(records[0]).layout), "lip": lips}
    tower = experiment.video["main"].model_copy(update={"of": ("pose", "lip")})
    tokenizer = experiment.text.tokenizer()
    examples = Examples(records, streams, tokenizer, max_tokens=16, seed=1, training=True)
    model = DualEncoder(experiment.model_copy(update={"streams": streams, "video": {"main": tower}}))
    batch = Collator(tokenizer.pad_id)([examples[k] for k in range(len(examples))])
    assert batch.streams["lip"]["x"].shape[-1] == 768
    assert torch.isfinite(torch.tensor(step(batch, model)))


@every_layout
def test_what_is_missing_is_said_in_one_message(layout: Layout, tmp_path: Path) -> None:
    page = f"docs/data/{layout.name}.md"
    with pytest.raises(DataError, match=page) as nothing:
        records_of(layout, tmp_path)
    assert str(tmp_path / layout.name) in str(nothing.value)
    assert len(nothing.value.problems) == 1

    folder = made(layout, tmp_path) / layout.name
    half = folder / layout.half
    shutil.rmtree(half) if half.is_dir() else half.unlink()
    with pytest.raises(DataError, match=page) as partly:
        records_of(layout, tmp_path)
    assert len(partly.value.problems) == 1
    assert str(half) in str(partly.value)


LOST = [layout for layout in LAYOUTS if layout.half.endswith(".pose") and layout.name != "rwth_fingerspelling"]


@pytest.mark.parametrize("layout", LOST, ids=[layout.label for layout in LOST])
def test_without_the_clips_one_may_go_on_if_told_so(layout: Layout, tmp_path: Path) -> None:
    (made(layout, tmp_path) / layout.name / layout.half).unlink()

    def found(absent: str) -> int:
        options = {**layout.options, "absent": absent}
        return len(registry.build("dataset", layout.name, **options).records(tmp_path))

    assert 0 < found("skip") < found("ignore") == len(layout.expected)
