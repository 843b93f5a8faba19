"""The 49 points of graph networks: by name from any estimator, centred by default, as released by switches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from mmpt_sign.errors import DataError
from mmpt_sign.poses.clip import Clip, Layout, layout_of
from mmpt_sign.poses.layouts import layout
from mmpt_sign.poses.names import BODY_POINTS, canonical
from mmpt_sign.poses.read import read
from mmpt_sign.streams.pose_windows import POINTS, PoseWindows
from tests.poses.clips import check, clip_of

RAW: dict[str, Any] = {"raw_256": True, "zero_is_missing": True, "channels": "xy", "picture": (210, 260)}


def whole_body() -> Layout:
    """The names of RTMPose, as pose-format writes them."""
    from pose_format.utils.cocowholebody133_header import cocowholebody_components

    parts = [(part.name, part.points) for part in cocowholebody_components()]
    return Layout(tuple(canonical(name, point, k) for name, points in parts for k, point in enumerate(points)))


def skeleton(frames: int = 3, points: Layout = POINTS) -> Clip:
    """A signer in a picture of 210 x 260: both hands seen, arms down."""
    rng = np.random.default_rng(0)
    data = np.zeros((frames, len(points), 2), np.float32)
    for part, centre in (("LEFT_HAND_LANDMARKS", (140, 150)), ("RIGHT_HAND_LANDMARKS", (70, 150))):
        indices = list(points.components[part])
        data[:, indices] = np.asarray(centre) + rng.uniform(-10, 10, (frames, len(indices), 2))
    arms = {"NOSE": (105, 40), "LEFT_SHOULDER": (135, 80), "LEFT_ELBOW": (145, 120), "LEFT_WRIST": (140, 150)}
    arms |= {name.replace("LEFT", "RIGHT"): (210 - x, y) for name, (x, y) in arms.items()}
    for name, place in arms.items():
        data[:, points.position[f"POSE_LANDMARKS.{name}"]] = place
    return Clip(data, (data.any(-1)).astype(np.float32), points)


def seen(clip: Clip, hand: str, yes: bool) -> Clip:
    """The clip with a hand shown or hidden."""
    confidence, data = clip.confidence.copy(), clip.data.copy()
    indices = list(clip.layout.components[f"{hand}_HAND_LANDMARKS"])
    confidence[:, indices] = float(yes)
    data[:, indices] *= yes
    return clip.with_data(data, confidence)


def test_both_estimators_give_the_same_points_in_the_same_places() -> None:
    both = []
    for points in (whole_body(), layout("holistic_543")):
        clip = skeleton(points=points)
        stream = PoseWindows().fixed_to(points)
        both.append((stream.points, stream.encode(stream.prepare(clip))))
    assert [name for name, _ in both] == ["rtm49", "mediapipe49"]
    np.testing.assert_array_equal(both[0][1], both[1][1])


def test_the_points_of_mediapipe_are_those_of_coco_by_name() -> None:
    order = [BODY_POINTS.index(name.partition(".")[2]) for name in POINTS.points[42:]]
    assert order == [0, 11, 13, 15, 12, 14, 16]


def test_a_model_of_one_estimator_refuses_the_other() -> None:
    stream = PoseWindows().fixed_to(whole_body())
    with pytest.raises(DataError, match="reads points of rtmpose, the clip has those of mediapipe"):
        stream.prepare(skeleton(points=layout("holistic_543")))
    with pytest.raises(DataError, match="no points of hands"):
        PoseWindows().prepare(clip_of("holistic_203").take(layout("holistic_203").points[:33]))


def test_by_default_every_part_has_its_own_frame() -> None:
    stream = PoseWindows()
    clip = skeleton()
    prepared = stream.prepare(clip)
    check(prepared)
    assert prepared.layout == POINTS
    assert np.abs(prepared.data[:, :42]).max() <= 1 / 2.2 + 1e-5  # a box is 2.2 times as large as its hand
    far = clip.with_data(clip.data * 3 + 500)
    np.testing.assert_allclose(stream.prepare(far).data, prepared.data, atol=1e-4)
    shoulders = prepared.data[:, [43, 46]]
    np.testing.assert_allclose(shoulders.mean(1), 0, atol=1e-5)
    np.testing.assert_allclose(shoulders[:, 0] - shoulders[:, 1], [[1, 0]] * 3, atol=1e-5)


def test_no_frame_is_dropped_and_a_missing_hand_is_told_from_one_at_the_origin() -> None:
    stream = PoseWindows(box={"arm_confidence": 1.0})
    clip = seen(skeleton(), "LEFT", False)
    clip.confidence[:, 43:46] = 0.9  # the arm is not sure enough to stand in for the hand
    frames = stream.encode(stream.prepare(clip)).reshape(3, 49, 3)
    assert not frames[:, :21].any()
    assert (frames[:, 21:42, 2] == 1).all()
    confident = PoseWindows(channels="confidence")
    np.testing.assert_allclose(confident.encode(confident.prepare(clip)).reshape(3, 49, 3)[:, 43:46, 2], 0.9)


def test_the_left_hand_is_shown_as_a_right_one() -> None:
    clip = skeleton()
    clip.data[:, :21, 0], clip.data[:, :21, 1] = 210 - clip.data[:, 21:42, 0], clip.data[:, 21:42, 1]
    prepared = PoseWindows().prepare(clip).data
    np.testing.assert_allclose(prepared[:, :21], prepared[:, 21:42], atol=1e-5)
    plain = PoseWindows(mirror_left=False).prepare(clip).data
    np.testing.assert_allclose(plain[:, :21, 0], -prepared[:, :21, 0], atol=1e-5)


def test_hands_alone_still_show_where_they_are() -> None:
    prepared = PoseWindows().prepare(clip_of("hands_42", missing=0.0))
    check(prepared)
    assert prepared.data[:, [45, 48]].any()
    assert not prepared.data[:, [42, 43, 44, 46, 47]].any()


def test_raw_coordinates_are_in_the_box_and_in_the_picture() -> None:
    stream, clip = PoseWindows(**RAW), skeleton(1)
    frames = stream.encode(stream.prepare(clip)).reshape(49, 2)
    np.testing.assert_allclose(frames[42], [105 / 210 * 256, 40 / 260 * 256], rtol=1e-6)
    right = clip.data[0, 21:42].astype(np.float64)
    side = np.rint(2.2 * np.ptp(right, axis=0).max())
    corner = np.rint((right.min(0) + right.max(0)) / 2 - side / 2)
    np.testing.assert_allclose(frames[21:42], (right - corner) / side * 256, rtol=1e-5)


def test_raw_left_hands_are_mirrored_and_what_leaves_the_box_is_missing() -> None:
    clip = skeleton(1)
    clip.confidence[0, :3] = 0.4  # not above the threshold: missing
    stream = PoseWindows(**RAW)
    released = stream.encode(stream.prepare(clip)).reshape(49, 2)
    assert not released[:3].any()
    plain = PoseWindows(**RAW, mirror_left=False)
    unmirrored = plain.encode(plain.prepare(clip)).reshape(49, 2)
    np.testing.assert_allclose(released[3:21, 0], 256 - unmirrored[3:21, 0], rtol=1e-5)
    far = skeleton(1)
    far.data[0, 5] = [200, 20]  # seen with less than a tenth of certainty, it does not place the box
    far.confidence[0, 5] = 0.09
    assert not stream.encode(stream.prepare(far)).reshape(49, 2)[5].any()


def test_a_present_left_point_at_the_border_is_missing_as_released_and_kept_by_its_flag() -> None:
    clip = skeleton(1)
    clip.data[0, :21] = np.asarray((0, 150)) + np.linspace(0, 6, 21)[:, None]  # the box is pushed inside the picture
    by_place, by_flag = (
        PoseWindows(**{**RAW, "zero_is_missing": zero}).prepare(clip).data[0, 0, 0] for zero in (True, False)
    )
    assert (by_place, by_flag) == (0, 256)


def test_frames_without_hands_are_dropped_as_released() -> None:
    shown = skeleton(6)
    shown.confidence[2, :42] = 0
    shown.confidence[4, 21:42] = 0
    shown.confidence[:, 43:49] = 0.4
    shown = shown.with_data(shown.data * (shown.confidence > 0)[..., None])
    stream = PoseWindows(**RAW, drop_handless=True)
    prepared = stream.prepare(shown)
    assert len(prepared) == 5
    assert not prepared.data[3, 21:42].any()
    assert len(PoseWindows(**RAW).prepare(shown)) == 6
    assert len(stream.prepare(seen(seen(shown, "LEFT", False), "RIGHT", False))) == 6  # nothing would be left


def test_of_many_frames_every_second_is_kept_as_released() -> None:
    clip = clip_of("holistic_543", 301)
    assert len(PoseWindows(pose_decimate_300=True).prepare(clip)) == 151
    assert len(PoseWindows(pose_decimate_300=True).prepare(clip.frames(0, 300))) == 300
    assert len(PoseWindows().prepare(clip)) == 301


def test_augmentation_is_drawn_from_the_generator_alone() -> None:
    stream = PoseWindows(augment={"noise": 0.1})
    prepared = stream.prepare(skeleton())
    first, again = (stream.encode(prepared, np.random.default_rng(1)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, stream.encode(prepared))
    assert stream.width == first.shape[1] == 147
    assert PoseWindows(channels="xy").width == 98


def test_options_that_need_others_say_so() -> None:
    with pytest.raises(ValidationError, match="size of the picture"):
        PoseWindows(raw_256=True)
    with pytest.raises(ValidationError, match="greater than 1"):
        PoseWindows(raw_256=True, picture=(0, 260))
    with pytest.raises(ValidationError, match="about coordinates of raw_256"):
        PoseWindows(zero_is_missing=True)


@pytest.mark.shared
def test_real_poses_are_finite(shared_data: Path) -> None:
    file = next(iter(sorted(shared_data.rglob("*.pose"))))
    stream = PoseWindows()
    frames = stream.encode(stream.prepare(read(file)))
    assert np.isfinite(frames).all()
    assert frames.reshape(len(frames), 49, 3)[..., 2].any()


def test_points_of_an_unknown_origin_are_taken_as_they_are() -> None:
    assert PoseWindows().fixed_to(layout_of(POINTS.points)).points == "any49"
