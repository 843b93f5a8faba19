"""Corpora of sentences in small: their tables, two stores of features each, translations, and a small CLIP."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.torch import save_file

from mmpt_sign.features.build import build_store
from mmpt_sign.poses.arrays import feature_clip
from mmpt_sign.poses.clip import Clip
from mmpt_sign.records import Record
from mmpt_sign.registry import find
from tests.datasets.corpora import write_csv
from tests.datasets.layouts import LAYOUTS
from tests.models.clip_files import made_state, vocabulary

CORPORA = {"how2sign": {"named": "clip"}, "phoenix14t": {}, "csl_daily": {}}
FEATURES = ("domain_agnostic", "domain_aware")


def make_sentence_world(root: Path) -> Path:
    """What the experiments of CiCo look for under the data root."""
    for made in LAYOUTS:
        if made.name in CORPORA:
            made.make(root / made.name)
            _captions(root / made.name, made.name)
            _stores(root / made.name, made.name)
    (root / "weights").mkdir(exist_ok=True)
    save_file(made_state(width=64, text_width=64, project=32), root / "weights/ViT-B-32.safetensors")
    vocabulary(root / "weights")
    return root


def _records(folder: Path, name: str) -> list[Any]:
    options = {"folder": folder, "absent": "ignore", **CORPORA[name]}
    return list(find("dataset", name).model_validate({"name": name, **options}).records(None))  # type: ignore[attr-defined]


def _captions(folder: Path, name: str) -> None:
    rows = [{"id": record.id, "text": f"hello the {n % 3} cat"} for n, record in enumerate(_records(folder, name))]
    write_csv(folder / "english.csv", rows)


def _stores(folder: Path, name: str) -> None:
    """Clips of 1 to 80 rows, as many in both stores."""
    records = _records(folder, name)
    rows = {record.id: (1, 80, 7, 64, 65)[n % 5] for n, record in enumerate(records)}
    for number, features in enumerate(FEATURES):
        build_store(records, partial(_clip, rows, number), folder / features)


def _clip(rows: dict[str, int], number: int, record: Record) -> Clip:
    return feature_clip(_drawn(record.id, rows[record.id], number), 25.0)


def _drawn(name: str, count: int, number: int) -> Any:
    rng = np.random.default_rng([*name.encode(), number])
    return rng.normal(size=(count, 1024)).astype(np.float32)
