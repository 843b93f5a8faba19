from __future__ import annotations

import pytest

from mmpt_sign.poses.face import ASL_SIGNS_FACE, FACE_CONTOUR, FACE_MIRROR
from mmpt_sign.poses.layouts import layout
from mmpt_sign.poses.names import BODY_POINTS, HAND_POINTS, LEGS, canonical, mirrored

PUBLISHED = (
    "7-249 21-251 33-263 37-267 39-269 40-270 46-276 52-282 53-283 54-284 55-285 58-288 61-291 63-293 65-295 66-296 "
    "67-297 70-300 78-308 80-310 81-311 82-312 84-314 87-317 88-318 91-321 93-323 95-324 103-332 105-334 107-336 "
    "109-338 127-356 132-361 133-362 136-365 144-373 145-374 146-375 148-377 149-378 150-379 153-380 154-381 155-382 "
    "157-384 158-385 159-386 160-387 161-388 162-389 163-390 172-397 173-398 176-400 178-402 181-405 185-409 191-415 "
    "234-454 246-466"
)


def test_counts() -> None:
    assert len(BODY_POINTS) == 33
    assert len(HAND_POINTS) == 21
    assert len(set(FACE_CONTOUR)) == 128
    assert len(set(ASL_SIGNS_FACE)) == 76
    assert len(LEGS) == 8
    assert [BODY_POINTS.index(leg) for leg in LEGS] == list(range(25, 33))


def test_the_mesh_mirrors_as_published() -> None:
    pairs = [pair.split("-") for pair in PUBLISHED.split()]
    assert len(pairs) == 61
    assert all(FACE_MIRROR[a] == b and FACE_MIRROR[b] == a for a, b in pairs)
    assert [p for p in FACE_CONTOUR if p not in FACE_MIRROR] == ["0", "10", "13", "14", "17", "152"]
    assert len([p for p in map(str, range(468)) if p not in FACE_MIRROR]) == 28


@pytest.mark.parametrize("name", ["holistic_586", "body25_hands_67", "holistic_178"])
def test_mirroring_names_twice_is_nothing(name: str) -> None:
    points = layout(name).points
    assert all(mirrored(mirrored(point)) == point for point in points)
    assert {mirrored(point) for point in points} == set(points)


@pytest.mark.parametrize(
    ("component", "point", "position", "expected"),
    [
        ("pose_keypoints_2d", "RShoulder", 2, "POSE_LANDMARKS.RIGHT_SHOULDER"),
        ("BODY_135", "LWrist", 9, "POSE_LANDMARKS.LEFT_WRIST"),
        ("pose_keypoints_2d", "Neck", 1, "pose_keypoints_2d.Neck"),
        ("hand_left_keypoints_2d", "M_CMC", 9, "LEFT_HAND_LANDMARKS.MIDDLE_FINGER_MCP"),
        ("BODY", "left_hip", 11, "POSE_LANDMARKS.LEFT_HIP"),
        ("BODY_133", "left_elbow", 7, "POSE_LANDMARKS.LEFT_ELBOW"),
        ("RIGHT_HAND_136", "hand_20", 20, "RIGHT_HAND_LANDMARKS.PINKY_TIP"),
        ("RIGHT_HAND", "right_hand_0", 0, "RIGHT_HAND_LANDMARKS.WRIST"),
        ("FACE_LANDMARKS", "466", 127, "FACE_LANDMARKS.466"),
    ],
)
def test_other_estimators_speak_mediapipe(component: str, point: str, position: int, expected: str) -> None:
    assert canonical(component, point, position) == expected
