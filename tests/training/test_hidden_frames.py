"""A run whose towers also tell hidden frames from the others."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.training.run import train
from tests.corpus import tiny_experiment


def test_a_run_learns_it_beside_the_contrast_and_exports_nothing_of_it(tmp_path: Path, corpus: Path) -> None:
    values = tiny_experiment(corpus, tmp_path) | {"hidden_frames": {"share": 0.5, "length": 2, "weight": 0.5}}
    train(experiment_from_values(values, "test"), tmp_path / "run")
    lines = next(tmp_path.rglob("train.jsonl")).read_text(encoding="utf-8").splitlines()
    assert any('"hidden_frames/pose"' in line for line in lines)
    keys = set(load_file(next(tmp_path.rglob("model.safetensors"))))
    assert keys
    assert not [key for key in keys if "told" in key or "beside" in key]
