from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmpt_sign.errors import DataError
from mmpt_sign.poses.hand_plane import hand_plane
from mmpt_sign.poses.read import from_pose
from mmpt_sign.poses.select import select
from tests.poses.clips import check, clip_of


def by_pose_format(pose: Any) -> Any:
    """The library's own steps, on the right hand alone."""
    from pose_format.utils.normalization_3d import PoseNormalizer

    pose = pose.get_components(["RIGHT_HAND_LANDMARKS"])
    hand = "RIGHT_HAND_LANDMARKS"
    info = pose.header.normalization_info
    plane = info(p1=(hand, "WRIST"), p2=(hand, "PINKY_MCP"), p3=(hand, "INDEX_FINGER_MCP"))
    line = info(p1=(hand, "WRIST"), p2=(hand, "MIDDLE_FINGER_MCP"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pose.body.data = PoseNormalizer(plane=plane, line=line, size=100)(pose.body.data)
        pose.focus()
    return pose


@pytest.mark.shared
@pytest.mark.parametrize("name", ["house", "house_take1", "sad", "mediapipe", "hand_84322c38"])
def test_same_numbers_as_the_library(name: str, shared_data: Path) -> None:
    from pose_format import Pose

    pose = Pose.read((shared_data / "pose_files" / f"{name}.pose").read_bytes())
    ours = hand_plane(select(from_pose(pose), "right_hand"))
    check(ours)
    theirs = by_pose_format(pose).body
    seen = ours.confidence > 0
    np.testing.assert_array_equal(seen, theirs.confidence[:, 0] > 0)
    np.testing.assert_allclose(ours.data[seen], theirs.data.data[:, 0][seen], atol=2e-2)
    assert ours.data[seen].min(0) == pytest.approx([0, 0, 0], abs=1e-4)


def test_every_hand_has_length_100_in_its_own_plane() -> None:
    clip = hand_plane(clip_of("hands_42", missing=0))
    check(clip)
    for wrist in (0, 21):
        assert np.linalg.norm(clip.data[:, wrist + 9] - clip.data[:, wrist], axis=-1) == pytest.approx(100, abs=1e-2)
        plane = clip.data[:, [wrist, wrist + 17, wrist + 5], 2]
        np.testing.assert_allclose(plane - plane[:, :1], 0, atol=1e-2)  # wrist and both knuckles at one depth


def test_hands_that_have_no_plane_are_missing() -> None:
    clip = clip_of("hand_21", missing=0)
    data = clip.data.copy()
    data[3] = 1
    flat = hand_plane(clip.with_data(data))
    check(flat)
    assert not flat.confidence[3].any()
    assert flat.confidence[2].all()


def test_it_needs_depth() -> None:
    with pytest.raises(DataError, match="three dimensions"):
        hand_plane(clip_of("hand_21", dims=2))
