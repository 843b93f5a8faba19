from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.errors import DataError
from mmpt_sign.poses.layouts import NAMES, UNORDERED, layout
from mmpt_sign.poses.read import read
from mmpt_sign.poses.select import frames_with_hands, is_left_handed, point_names, select, with_dominant_right
from tests.poses.clips import check, clip_of, same, signer


@pytest.mark.parametrize(
    ("selection", "count"),
    [
        ("reduced_face", 203),
        ("full", 543),
        ("body", 33),
        ("hands", 42),
        ("body_hands", 75),
        ("right_hand", 21),
        ("dominant_hand", 21),
        ("asl_signs_face", 76 + 21 + 33 + 21),
        (("RIGHT_HAND_LANDMARKS",), 21),
        (("LEFT_HAND_LANDMARKS", "POSE_LANDMARKS", "RIGHT_HAND_LANDMARKS"), 75),
        (("POSE_LANDMARKS.NOSE", "hands"), 43),
    ],
)
def test_counts(selection: str | tuple[str, ...], count: int) -> None:
    for name in ("holistic_543", "holistic_576"):
        chosen = select(clip_of(name, 3), selection)
        check(chosen)
        assert len(chosen.layout) == count


def test_the_reduced_face_keeps_the_order_of_the_original() -> None:
    points = point_names("reduced_face", layout("holistic_586"))
    assert points == layout("holistic_203").points
    assert points[33:36] == ("FACE_LANDMARKS.0", "FACE_LANDMARKS.7", "FACE_LANDMARKS.10")


def test_refined_faces_give_the_same_contour() -> None:
    assert point_names("reduced_face", layout("holistic_553")) == point_names("reduced_face", layout("holistic_543"))


def test_lists_keep_their_order() -> None:
    chosen = point_names(["RIGHT_HAND_LANDMARKS", "LEFT_HAND_LANDMARKS"], layout("holistic_203"))
    assert chosen[0] == "RIGHT_HAND_LANDMARKS.WRIST"
    assert chosen[21] == "LEFT_HAND_LANDMARKS.WRIST"


def test_order_and_offsets_of_the_file_do_not_matter() -> None:
    clip = clip_of("holistic_543", 4)
    shuffled = clip.take(tuple(np.random.default_rng(0).permutation(clip.layout.points)))
    assert same(select(shuffled, "reduced_face"), select(clip, "reduced_face"))


@pytest.mark.parametrize("name", [name for name in NAMES if name != UNORDERED])
@pytest.mark.parametrize("selection", ["full", "right_hand", "reduced_face"])
def test_smaller_layouts_give_what_they_have(name: str, selection: str) -> None:
    points = point_names(selection, layout(name))
    assert set(points) <= set(layout(name).points)
    assert all(f"RIGHT_HAND_LANDMARKS.{name}" in points for name in ("WRIST", "PINKY_TIP"))


def test_what_is_not_there_is_explained() -> None:
    with pytest.raises(DataError, match="their components: LEFT_HAND_LANDMARKS, RIGHT_HAND_LANDMARKS"):
        point_names("body", layout("hands_42"))
    with pytest.raises(DataError, match="did you mean 'reduced_face'"):
        point_names("reducedface", layout("holistic_203"))
    with pytest.raises(DataError, match="did you mean 'RIGHT_HAND_LANDMARKS'"):
        point_names(["RIGHT_HAND_LANDMARK"], layout("holistic_203"))


def test_a_left_handed_signer_is_mirrored() -> None:
    right, left = signer(), signer(left=True)
    assert not is_left_handed(right)
    assert is_left_handed(left)
    assert same(with_dominant_right(right), right)
    hand = select(left, "dominant_hand")
    check(hand)
    np.testing.assert_array_equal(hand.data * np.array([-1, 1, 1], np.float32), left.take(_left_names()).data)


def test_among_equals_the_hand_that_moves_is_dominant() -> None:
    clip = clip_of("hands_42", missing=0)
    still = clip.data.copy()
    still[:, 21:] = still[:1, 21:]
    assert is_left_handed(clip.with_data(still))
    still = clip.data.copy()
    still[:, :21] = still[:1, :21]
    assert not is_left_handed(clip.with_data(still))


def test_frames_without_hands_are_left_out_but_never_all() -> None:
    clip = clip_of("hands_42", 6, missing=0)
    confidence = np.ones_like(clip.confidence)
    confidence[[0, 2, 5]] = 0
    clip = clip.with_data(clip.data * (confidence > 0)[..., None], confidence)
    assert same(frames_with_hands(clip), clip.with_data(clip.data[[1, 3, 4]], confidence[[1, 3, 4]]))
    assert same(frames_with_hands(clip, only_ends=True), clip.frames(1, 5))
    nothing = clip.with_data(clip.data * 0, confidence * 0)
    assert len(frames_with_hands(nothing)) == 6


def _left_names() -> tuple[str, ...]:
    return tuple(name.replace("RIGHT", "LEFT") for name in layout("hand_21").points)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["openpose", "soup_mmpose", "soup_openpifpaf", "football_mmpose", "v0.1_openpose"])
def test_other_estimators_have_hands_and_shoulders(name: str, shared_data: Path) -> None:
    clip = read(shared_data / "pose_files" / f"{name}.pose")
    chosen = point_names("reduced_face", clip.layout)
    assert {f"POSE_LANDMARKS.{side}_SHOULDER" for side in ("LEFT", "RIGHT")} <= set(chosen)
    assert len([point for point in chosen if "_HAND_" in point]) == 42
