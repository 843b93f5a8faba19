"""Named layouts of plain arrays, which carry no names of their own."""

from __future__ import annotations

from functools import cache

from mmpt_sign.errors import DataError
from mmpt_sign.poses.clip import Layout
from mmpt_sign.poses.face import FACE_CONTOUR
from mmpt_sign.poses.names import (
    BODY,
    BODY_POINTS,
    FACE,
    HAND_POINTS,
    LEFT_HAND,
    RIGHT_HAND,
    SMALL_BODY,
    WORLD,
    canonical,
)
from mmpt_sign.registry import nearest

UNORDERED = "two_hands_unordered"
NAMES = (
    "holistic_543", "holistic_553", "holistic_576", "holistic_586", "holistic_203", "holistic_178", "body25_hands_67",
    "hands_42", "hand_21", "wholebody_133", UNORDERED,
)  # fmt: skip


@cache
def layout(name: str) -> Layout:
    """The layout called ``name``; ``two_hands_unordered`` is ``hands_42`` once the hands are told apart."""
    hands = _component(LEFT_HAND, HAND_POINTS) + _component(RIGHT_HAND, HAND_POINTS)
    body, world = _component(BODY, BODY_POINTS), _component(WORLD, BODY_POINTS)
    face, refined = (_component(FACE, [str(n) for n in range(count)]) for count in (468, 478))
    known = {
        "holistic_543": body + face + hands,
        "holistic_553": body + refined + hands,
        "holistic_576": body + face + hands + world,
        "holistic_586": body + refined + hands + world,
        "holistic_203": body + _component(FACE, FACE_CONTOUR) + hands,
        "holistic_178": _component(BODY, SMALL_BODY) + _component(FACE, FACE_CONTOUR) + hands,
        "body25_hands_67": body[:25] + hands,
        "hands_42": hands,
        UNORDERED: hands,
        "hand_21": _component(RIGHT_HAND, HAND_POINTS),
        "wholebody_133": _whole_body(hands),
    }
    if name not in known:
        raise DataError(f"unknown layout '{name}'{nearest(name, list(NAMES))}; known: {', '.join(NAMES)}")
    return Layout(known[name])


def by_point_count(shape: tuple[int, ...]) -> str:
    """The layout that a (T, V, C) array must have, told by V alone."""
    points = shape[-2] if len(shape) >= 2 else 0
    if len(shape) == 4 and shape[1:3] == (2, 21):
        return UNORDERED
    found = next((name for name in NAMES if name != UNORDERED and len(layout(name)) == points), None)
    if found is None:
        raise DataError(f"an array of shape {shape} is no pose of a known layout; name its points: {', '.join(NAMES)}")
    return found


def _whole_body(hands: tuple[str, ...]) -> tuple[str, ...]:
    """COCO-WholeBody as RTMPose gives it: body, feet, face, hands."""
    pairs = ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    body = ["nose", *(f"{side}_{joint}" for joint in pairs for side in ("left", "right"))]
    feet = [f"{side}_{point}" for side in ("left", "right") for point in ("big_toe", "small_toe", "heel")]
    face = _component("FACE", [f"face-{n}" for n in range(68)])
    return (*(canonical("BODY", point, n) for n, point in enumerate([*body, *feet])), *face, *hands)


def _component(name: str, points: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{name}.{point}" for point in points)
