"""The pose stream on real files: against the original's steps, and through the recipe of the demo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.poses.layouts import layout
from mmpt_sign.poses.read import read
from tests.poses import original
from tests.streams.test_pose import RECIPE, stream


@pytest.mark.shared
@pytest.mark.parametrize("ratio", [None, 0.7, 1.0, 1.31])
@pytest.mark.parametrize("name", ["house", "house_take1", "sad", "library", "football_mediapipe", "hand_84322c38"])
def test_same_numbers_as_the_original(name: str, ratio: float | None, shared_data: Path) -> None:
    path = shared_data / "pose_files" / f"{name}.pose"
    clip = read(path)
    augment = {"temporal": {"deviation": 0.2, "whole_fps": True, "bridge_gaps": True}}
    part = stream(z="raw", augment=augment).fixed_to(clip.layout)
    ours = part.encode(part.prepare(clip), None if ratio is None else _Drawing(ratio))  # type: ignore[arg-type]
    theirs = original.model_input(path, ratio)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, atol=2e-5)


class _Drawing:
    """A generator whose every draw is known."""

    def __init__(self, value: float) -> None:
        self.value = value

    def normal(self, *_: float) -> float:
        return self.value


@pytest.mark.shared
def test_all_real_files_pass_through_the_recipe(shared_data: Path) -> None:
    part = stream(**RECIPE).fixed_to(layout("holistic_586"))
    for path in sorted((shared_data / "pose_files").glob("*.pose")):
        prepared = part.prepare(read(path))
        for rng in (None, np.random.default_rng(1)):
            frames = part.encode(prepared, rng)
            assert frames.shape[1] == 65
            assert 1 <= len(frames) <= 24
            assert np.abs(frames).max() < 100, path.name
