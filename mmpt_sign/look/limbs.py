"""Which points of a layout are joined by a line, by name, so that clips of any estimator can be drawn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from mmpt_sign.poses.clip import Layout, layout_of
from mmpt_sign.poses.names import BODY, FACE, HAND_POINTS, LEFT_HAND, RIGHT_HAND, WORLD

Part = Literal["body", "face", "left_hand", "right_hand", "other"]
PARTS: tuple[Part, ...] = ("body", "face", "left_hand", "right_hand", "other")
Side = Literal["left", "right", "middle"]

_BODY_CHAINS = (
    "LEFT_SHOULDER RIGHT_SHOULDER", "LEFT_HIP RIGHT_HIP", "MOUTH_LEFT MOUTH_RIGHT",
    "NOSE LEFT_EYE_INNER LEFT_EYE LEFT_EYE_OUTER LEFT_EAR", "NOSE RIGHT_EYE_INNER RIGHT_EYE RIGHT_EYE_OUTER RIGHT_EAR",
    *(
        " ".join(f"{side}_{joint}" for joint in chain.split())
        for side in ("LEFT", "RIGHT")
        for chain in (
            "SHOULDER ELBOW WRIST", "WRIST INDEX PINKY WRIST", "WRIST THUMB", "SHOULDER HIP KNEE ANKLE HEEL",
            "ANKLE FOOT_INDEX HEEL",
        )
    ),
)  # fmt: skip
_HEAD = {"NOSE", "EYE", "EAR", "MOUTH"}
_FINGERS = ("THUMB", "INDEX_FINGER", "MIDDLE_FINGER", "RING_FINGER", "PINKY")
_HAND_CHAINS = (
    "WRIST THUMB_CMC", "WRIST INDEX_FINGER_MCP MIDDLE_FINGER_MCP RING_FINGER_MCP PINKY_MCP WRIST",
    *(" ".join(name for name in HAND_POINTS if name.startswith(finger)) for finger in _FINGERS),
)  # fmt: skip
# Contours of MediaPipe's face mesh: oval, lips (outer, inner), eyes and brows, each a line through its points.
_FACE_CHAINS = (
    "10 338 297 332 284 251 389 356 454 323 361 288 397 365 379 378 400 377 152 148 176 149 150 136 172 58 132 93 234 "
    "127 162 21 54 103 67 109 10",
    "61 146 91 181 84 17 314 405 321 375 291 409 270 269 267 0 37 39 40 185 61",
    "78 95 88 178 87 14 317 402 318 324 308 415 310 311 312 13 82 81 80 191 78",
    "263 249 390 373 374 380 381 382 362 398 384 385 386 387 388 466 263",
    "33 7 163 144 145 153 154 155 133 173 157 158 159 160 161 246 33",
    "276 283 282 295 285", "300 293 334 296 336", "46 53 52 65 55", "70 63 105 66 107",
)  # fmt: skip
# The 68 points of the face that OpenPose (70, with pupils) and whole-body estimators share, by position.
_FACE_68 = ((0, 17), (17, 22), (22, 27), (27, 31), (31, 36), (36, 42), (42, 48), (48, 60), (60, 68))
_CLOSED_68 = {36, 42, 48, 60}


@dataclass(frozen=True, slots=True)
class Limb:
    """A line between two points of a layout, by index."""

    start: int
    end: int
    part: Part
    side: Side


def part_of(component: str) -> Part:
    """Body, face or hand, from the name of a component of any estimator."""
    name = component.lower()
    if "hand" in name:
        return "left_hand" if "left" in name else "right_hand" if "right" in name else "other"
    if "face" in name:
        return "face"
    return "body" if component == BODY or name.startswith(("body", "pose_keypoints")) else "other"


def drawn_as(point: str) -> Part:
    """As `part_of` for one point (``COMPONENT.POINT``), but the head of the body belongs to the face."""
    component, _, name = point.partition(".")
    part = part_of(component)
    return "face" if part == "body" and _HEAD & set(name.split("_")) else part


def side_of(point: str) -> Side:
    """The side of the body that a point (``COMPONENT.POINT``) is on; the face counts as the middle."""
    component, _, name = point.partition(".")
    part = drawn_as(point)
    words = component if part in ("left_hand", "right_hand") else "" if part == "face" else name
    found = {word.lower() for word in words.split("_")}
    return "left" if "left" in found else "right" if "right" in found else "middle"


@lru_cache(maxsize=64)
def limbs(points: tuple[str, ...]) -> tuple[Limb, ...]:
    """All lines between points that the layout has; where a contour lacks a point, its neighbours are not joined."""
    layout = layout_of(points)
    found: dict[frozenset[int], tuple[int, int]] = {}
    for chain in _chains(layout):
        for start, end in pairwise(chain):
            if start is not None and end is not None and start != end:
                found.setdefault(frozenset((start, end)), (start, end))
    return tuple(_limb(points, start, end) for start, end in found.values())


def _chains(layout: Layout) -> Iterator[list[int | None]]:
    named = ((BODY, _BODY_CHAINS), (LEFT_HAND, _HAND_CHAINS), (RIGHT_HAND, _HAND_CHAINS), (FACE, _FACE_CHAINS))
    for component, chains in named:
        for chain in chains:
            yield [layout.position.get(f"{component}.{point}") for point in _there(layout, component, chain.split())]
    for component, indices in layout.components.items():
        if component not in (FACE, WORLD) and part_of(component) == "face" and len(indices) in (68, 70):
            for first, last in _FACE_68:
                yield [*indices[first:last], *([indices[first]] if first in _CLOSED_68 else [])]


def _there(layout: Layout, component: str, chain: list[str]) -> list[str]:
    """The points of a chain of the body that the layout has: OpenPose's eye joins nose and ear directly."""
    return [point for point in chain if component != BODY or f"{component}.{point}" in layout.position]


def _limb(points: tuple[str, ...], start: int, end: int) -> Limb:
    sides = {side_of(points[start]), side_of(points[end])} - {"middle"}
    side: Side = next(iter(sides)) if len(sides) == 1 else "middle"
    return Limb(start, end, drawn_as(points[start]), side)
