"""The corpora of SEDS in small: key points of a whole body, features of the same windows, and SignBERT's weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

import mmpt_sign
from mmpt_sign.features.build import build_store
from mmpt_sign.poses.arrays import clip_from_array, feature_clip
from mmpt_sign.registry import find
from tests.launch.sentence_world import make_sentence_world
from tests.models.front_ends.test_stgcn_windows import signbert_names

CORPORA = ("how2sign", "phoenix14t", "csl_daily")
SMALL = {"graph_channels": [4, 4, 6], "pooled": [8, 8]}
FRAMES = (9, 16, 95, 40, 79)


def make_seds_world(root: Path) -> Path:
    """What the experiments of SEDS look for under the data root."""
    make_sentence_world(root)
    for name in CORPORA:
        _stores(root / name, name)
    network = mmpt_sign.build("front_end", name="stgcn_windows", widths={"pose": 98}, d_out=4, **SMALL)
    torch.save({"state_dict": signbert_names(network)}, root / "weights/pretrain_signbert.pth")
    return root


def _stores(folder: Path, name: str) -> None:
    part: Any = find("dataset", name).model_validate({"name": name, "folder": folder, "absent": "ignore"})
    records = list(part.records(None))
    frames = {record.id: FRAMES[n % len(FRAMES)] for n, record in enumerate(records)}
    build_store(records, lambda record: _key_points(record.id, frames[record.id]), folder / "rtmpose")
    build_store(records, lambda record: _features(record.id, frames[record.id]), folder / "seds_rgb")
    build_store(records[::2], lambda record: _features(record.id, frames[record.id]), folder / "half_rgb")


def _key_points(name: str, frames: int) -> Any:
    """Pixels of a picture of 210 x 260, hands where the wrists are."""
    rng = np.random.default_rng([*name.encode()])
    points = np.tile(rng.uniform(60, 150, (1, 133, 2)), (frames, 1, 1)) + rng.normal(0, 2, (frames, 133, 2))
    return clip_from_array(points.astype(np.float32), "wholebody_133", np.full((frames, 133), 0.8, np.float32))


def _features(name: str, frames: int) -> Any:
    rng = np.random.default_rng([*name.encode(), 1])
    return feature_clip(rng.normal(size=(max(frames - 15, 1), 1024)).astype(np.float32), 25.0)
