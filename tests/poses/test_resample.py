from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpt_sign.errors import DataError
from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.resample import at_rate, evenly
from tests.poses.clips import check, clip_of, same, signer


def by_pose_format(clip: Clip, count: int) -> np.ndarray:  # type: ignore[type-arg]
    """The library's loop over points; it cannot make a single frame."""
    from pose_format.numpy import NumPyPoseBody

    body = NumPyPoseBody(float(len(clip)), clip.data[:, None].astype(np.float64), clip.confidence[:, None])
    return np.asarray(body.interpolate(count, kind="linear").data.data[:, 0])


@given(st.integers(2, 40), st.integers(2, 60), st.sampled_from([0.0, 0.3, 0.8]), st.integers(0, 5))
def test_bridging_is_what_the_library_does(frames: int, count: int, missing: float, seed: int) -> None:
    clip = clip_of("hand_21", frames, missing=missing, seed=seed)
    ours = evenly(clip, count, bridge_gaps=True)
    check(ours)
    np.testing.assert_allclose(ours.data, by_pose_format(clip, count), atol=2e-5)


@given(st.integers(1, 40), st.integers(1, 60), st.sampled_from([0.0, 0.3, 0.8, 1.0]), st.booleans())
def test_lengths_rates_and_ends(frames: int, count: int, missing: float, bridge: bool) -> None:
    clip = clip_of("hand_21", frames, missing=missing)
    before = clip.data.copy(), clip.confidence.copy()
    moved = evenly(clip, count, bridge_gaps=bridge)
    check(moved)
    assert len(moved) == count
    assert moved.fps == pytest.approx(clip.fps * count / frames)
    np.testing.assert_allclose(moved.data[0], clip.data[0], atol=1e-6)
    if count > 1:
        np.testing.assert_allclose(moved.data[-1], clip.data[-1], atol=1e-6)
    np.testing.assert_array_equal(clip.data, before[0])
    np.testing.assert_array_equal(clip.confidence, before[1])


def test_without_bridging_a_gap_stays_a_gap() -> None:
    clip = clip_of("hand_21", 9, missing=0)
    confidence = clip.confidence.copy()
    confidence[3:6] = 0
    holed = clip.with_data(clip.data * (confidence > 0)[..., None], confidence)
    seen = evenly(holed, 17).confidence.any(1)
    assert 5 <= (~seen).sum() <= 7
    bridged = evenly(holed, 17, bridge_gaps=True)
    np.testing.assert_allclose(bridged.data, evenly(clip, 17).data, atol=1e-5)  # the motion is a straight line


def test_the_same_length_is_the_same_clip() -> None:
    clip = clip_of("hand_21")
    assert evenly(clip, len(clip)) is clip
    assert same(at_rate(clip, clip.fps), clip)


def test_rates() -> None:
    clip = clip_of("hand_21", 50)
    assert len(at_rate(clip, 12.5)) == 25
    assert len(at_rate(clip, 0.001)) == 1


def test_a_rate_that_cannot_be_true_is_refused() -> None:
    clip = signer(4)
    with pytest.raises(DataError, match="would become"):
        at_rate(Clip(clip.data, clip.confidence, clip.layout, fps=1e-6), 25)
