from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from mmpt_sign.errors import DataError
from mmpt_sign.poses.arrays import clip_from_array
from mmpt_sign.streams.features import Features
from tests.poses.clips import clip_of


def test_features_pass_through() -> None:
    data = np.random.default_rng(0).normal(size=(7, 1024)).astype(np.float32)
    clip, part = clip_from_array(data), Features(size=1024)
    assert part.fixed_to(clip.layout).width == 1024
    np.testing.assert_array_equal(part.encode(part.prepare(clip), np.random.default_rng(0)), data)


def test_neighbours_are_averaged() -> None:
    data = np.random.default_rng(0).normal(size=(7, 1024)).astype(np.float32)
    part = Features(size=1024, pool_to=512)
    pooled = part.encode(part.prepare(clip_from_array(data)))
    assert pooled.shape == (7, part.width) == (7, 512)
    np.testing.assert_allclose(pooled, (data[:, 0::2] + data[:, 1::2]) / 2, atol=1e-6)


def test_windows_are_picked_evenly_whoever_made_them() -> None:
    data = np.arange(130, dtype=np.float32)[:, None].repeat(4, 1)
    part = Features(size=4, thin_to=64, max_frames=64, long_clips="truncate")
    picked = part.encode(part.prepare(clip_from_array(data)))
    np.testing.assert_array_equal(picked[:, 0], np.floor(np.linspace(0, 129, 64)))
    np.testing.assert_array_equal(part.thinned(data), picked)
    np.testing.assert_array_equal(part.thinned(data[:64]), data[:64])


def test_other_widths_and_poses_are_refused() -> None:
    with pytest.raises(ValidationError, match="cannot be averaged"):
        Features(size=1024, pool_to=500)
    with pytest.raises(DataError, match="features of 512 numbers, the file has 1024"):
        Features(size=512).prepare(clip_from_array(np.zeros((7, 1024), np.float32)))
    with pytest.raises(DataError, match="the file has points"):
        Features(size=512).prepare(clip_of("hands_42"))
