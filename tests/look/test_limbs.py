from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from mmpt_sign.look.limbs import drawn_as, limbs, part_of, side_of
from mmpt_sign.poses.face import FACE_CONTOUR
from mmpt_sign.poses.layouts import NAMES, layout
from mmpt_sign.poses.names import BODY, FACE, LEFT_HAND, RIGHT_HAND, mirrored
from mmpt_sign.poses.read import read


@pytest.mark.parametrize("name", NAMES)
def test_every_layout_has_limbs_within_its_points_and_no_limb_twice(name: str) -> None:
    points = layout(name).points
    found = limbs(points)
    assert found
    pairs = [frozenset((limb.start, limb.end)) for limb in found]
    assert len(set(pairs)) == len(pairs)
    assert all(len(pair) == 2 and max(pair) < len(points) for pair in pairs)


def test_the_mirror_image_of_a_limb_is_a_limb() -> None:
    points = layout("holistic_203").points
    pairs = {frozenset((points[limb.start], points[limb.end])) for limb in limbs(points)}
    assert {frozenset(map(mirrored, pair)) for pair in pairs} == pairs


def test_hands_and_face_are_those_of_mediapipe() -> None:
    connections = pytest.importorskip("mediapipe.python.solutions.face_mesh_connections")
    hands = pytest.importorskip("mediapipe.python.solutions.hands_connections")
    points = layout("holistic_543").points
    face = list(layout("holistic_543").components[FACE])
    ours = {frozenset((x.start, x.end)) for x in limbs(points)}
    theirs = {frozenset((face[a], face[b])) for a, b in connections.FACEMESH_CONTOURS}
    assert {pair for pair in ours if pair <= set(face)} == theirs
    hand = list(layout("holistic_543").components[RIGHT_HAND])
    assert {pair for pair in ours if pair <= set(hand)} == {
        frozenset((hand[a], hand[b])) for a, b in hands.HAND_CONNECTIONS
    }


def test_the_contour_of_the_reduced_face_is_whole() -> None:
    points = layout("holistic_203").points
    joined = {points[index] for limb in limbs(points) for index in (limb.start, limb.end)}
    assert {f"{FACE}.{point}" for point in FACE_CONTOUR} <= joined


def test_parts_and_sides() -> None:
    assert [part_of(name) for name in (BODY, FACE, LEFT_HAND, "hand_right_keypoints_2d", "FACE_133", "X")] == [
        "body", "face", "left_hand", "right_hand", "face", "other",
    ]  # fmt: skip
    assert [side_of(f"{BODY}.{name}") for name in ("LEFT_ELBOW", "RIGHT_HIP", "NOSE")] == ["left", "right", "middle"]
    assert side_of(f"{LEFT_HAND}.WRIST") == "left"
    assert drawn_as(f"{BODY}.MOUTH_LEFT") == "face"


@pytest.mark.shared
@pytest.mark.parametrize("name", ["openpose", "football_mmpose", "sgg_essen", "mediapipe_hand_normalized"])
def test_files_of_other_estimators_have_limbs_of_all_their_parts(name: str, shared_data: Path) -> None:
    clip = read(shared_data / "pose_files" / f"{name}.pose")
    parts = {part_of(component) for component in clip.layout.components}
    assert {limb.part for limb in limbs(clip.layout.points)} >= parts
    assert all(a < len(clip.layout) for a, _ in pairwise(x.start for x in limbs(clip.layout.points)))
