from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmpt_sign.poses.anonymise import anonymised
from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.layouts import layout
from mmpt_sign.poses.names import BODY, FACE, LEFT_HAND, RIGHT_HAND
from mmpt_sign.poses.normalise import by_shoulders, in_one_unit
from mmpt_sign.poses.read import from_pose, read
from tests.poses.clips import check, clip_of, same, signer
from tests.poses.original import selected

pytest.importorskip("pose_anonymization")
FREE_POINTS = ("LEFT_WRIST", "RIGHT_THUMB", "LEFT_PINKY", "RIGHT_INDEX")
MOVED_POINTS = ("NOSE", "LEFT_SHOULDER", "RIGHT_ELBOW", "LEFT_HIP")


def made_pose(frames: int = 6, missing: str = "") -> Any:
    """A ``pose_format`` pose of 543 points in pixels; the named point is missing in the first frame."""
    from pose_anonymization.data import load_pose_header
    from pose_format import Pose
    from pose_format.numpy import NumPyPoseBody

    header = load_pose_header()
    names = [f"{component.name}.{point}" for component in header.components for point in component.points]
    rng = np.random.default_rng(3)
    data = (rng.normal(300, 60, (1, 1, len(names), 3)) + rng.normal(0, 5, (frames, 1, len(names), 3))).astype(
        np.float32
    )
    confidence = np.ones((frames, 1, len(names)), np.float32)
    if missing:
        confidence[0, 0, names.index(missing)] = 0
    mask = np.repeat(confidence[..., None] == 0, 3, axis=-1)
    pose = Pose(header, NumPyPoseBody(25, np.ma.masked_array(data, mask), confidence))
    return pose.get_components([BODY, FACE, LEFT_HAND, RIGHT_HAND])


@pytest.mark.parametrize("missing", ["", f"{BODY}.LEFT_HIP", f"{FACE}.10"])
@pytest.mark.parametrize("points", ["all", "reduced"])
def test_same_numbers_as_the_package(points: str, missing: str) -> None:
    from pose_anonymization.appearance import remove_appearance

    pose = made_pose(missing=missing)
    pose = pose if points == "all" else selected(pose)
    ours = anonymised(from_pose(pose), "clip")
    theirs = remove_appearance(pose.copy()).body.data[:, 0]
    hidden = np.ma.getmaskarray(theirs).any(-1)
    np.testing.assert_array_equal(ours.confidence == 0, hidden)
    np.testing.assert_allclose(ours.data[~hidden], np.ma.getdata(theirs)[~hidden], atol=1e-3)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["house", "sad", "hand_84322c38", "phoenix_sentence", "sgg_essen"])
def test_same_numbers_as_the_package_on_real_files(name: str, shared_data: Path) -> None:
    from pose_anonymization.appearance import remove_appearance
    from pose_format import Pose

    pose = Pose.read((shared_data / "pose_files" / f"{name}.pose").read_bytes())
    for given in (pose, selected(pose)):
        theirs = np.ma.filled(remove_appearance(given.copy()).body.data, 0)[:, 0]
        np.testing.assert_allclose(anonymised(from_pose(given), "clip").data, theirs, atol=1e-3)


@pytest.mark.parametrize("name", ["holistic_586", "holistic_203", "holistic_178", "hands_42", "hand_21"])
@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("missing", [0.2, 1.0])
def test_any_layout_keeps_its_contract(name: str, dims: int, missing: float) -> None:
    clip = clip_of(name, dims=dims, missing=missing)
    before = clip.data.copy()
    hidden = anonymised(clip)
    check(hidden)
    assert hidden.layout == clip.layout
    np.testing.assert_array_equal(hidden.confidence > 0, clip.confidence > 0)
    np.testing.assert_array_equal(clip.data, before)
    assert same(hidden, anonymised(clip))


def test_two_builds_of_one_movement_become_the_same() -> None:
    clip = signer(12)
    rng = np.random.default_rng(1)
    build = rng.normal(0, 30, (1, len(clip.layout), 3)).astype(np.float32)
    for name in clip.layout.points:
        component, _, point = name.partition(".")
        kept = component in (LEFT_HAND, RIGHT_HAND) or point in ("LEFT_SHOULDER", "RIGHT_SHOULDER")
        if kept or point.split("_")[-1] in ("WRIST", "PINKY", "INDEX", "THUMB"):
            build[0, clip.layout.position[name]] = 0  # the sign, and what both are measured by
    other = clip.with_data(clip.data + build * (clip.confidence > 0)[..., None])
    assert np.abs(by_shoulders(clip).data - by_shoulders(other).data).max() > 0.1
    np.testing.assert_allclose(anonymised(clip).data, anonymised(other).data, atol=0.01)


def test_hands_keep_their_shape_and_the_rest_moves_with_its_own_motion() -> None:
    clip = signer(12)
    placed, hidden = by_shoulders(clip), anonymised(clip)
    steps = hidden.data / 204.8 - 1.25 - placed.data
    seen = clip.confidence > 0
    for point in FREE_POINTS:
        np.testing.assert_allclose(steps[:, clip.layout.position[f"{BODY}.{point}"]], 0, atol=1e-4)
    hand = list(clip.layout.components[RIGHT_HAND])
    np.testing.assert_allclose(steps[:, hand][seen[:, hand]], 0, atol=1e-4)
    for point in MOVED_POINTS:
        step = steps[:, clip.layout.position[f"{BODY}.{point}"]]
        assert np.abs(step).max() > 0.01
        np.testing.assert_allclose(step, np.broadcast_to(step[0], step.shape), atol=1e-4)


def test_a_point_that_appears_late_starts_from_its_first_appearance() -> None:
    clip = signer(10)
    nose = clip.layout.position[f"{BODY}.NOSE"]
    confidence, data = clip.confidence.copy(), clip.data.copy()
    confidence[:4, nose], data[:4, nose] = 0, 0
    late = clip.with_data(data, confidence)
    hidden, original = anonymised(late, "seen"), anonymised(late, "clip")
    assert (hidden.confidence[4:, nose] > 0).all()
    np.testing.assert_allclose(hidden.data[4, nose], anonymised(clip.frames(4, 10)).data[0, nose], atol=12)
    assert not original.confidence[:, nose].any()
    assert not original.data[:, nose].any()


def test_a_face_that_the_mean_does_not_know_is_hidden() -> None:
    points = (f"{BODY}.LEFT_SHOULDER", f"{BODY}.RIGHT_SHOULDER", "FACE.face-0")
    data = np.array([[[1, 0], [-1, 0], [0, 2]]] * 3, np.float32)
    clip = Clip(data, np.ones((3, 3), np.float32), type(layout("hand_21"))(points))
    assert anonymised(clip).confidence[0].tolist() == [1, 1, 0]


@pytest.mark.shared
def test_depth_in_one_unit_stays_in_proportion(shared_data: Path) -> None:
    clip = read(shared_data / "pose_files" / "house_take1.pose")
    face = list(clip.layout.components[FACE])
    own = by_shoulders(in_one_unit(clip)).data[:, face].std(1).mean(0)
    mean = anonymised(in_one_unit(clip), one_unit=True).data[:, face].std(1).mean(0) / 204.8
    assert 0.5 < mean[2] / own[2] < 2
    assert anonymised(clip).data[:, face, 2].std() < 1
