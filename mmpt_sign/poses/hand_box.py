"""A square box around a hand in each frame: from its points, or from the arm where too few of them are seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mmpt_sign.config.contracts import Options
from mmpt_sign.poses.clip import FloatArray

BEYOND_WRIST = 0.33  # of the forearm: the middle of a hand that is not seen
OF_FOREARM, OF_UPPER_ARM = 1.1, 0.9

Numbers = NDArray[np.float64]


class BoxRule(Options):
    """When a hand counts as seen, and how large its box is."""

    visible: int = Field(10, ge=1, le=21, description="points that must be seen to place the box by them")
    confidence: float = Field(0.1, ge=0, lt=1, description="above which a point of the hand is seen")
    enlarge: float = Field(2.2, gt=0, description="side of the box, as a multiple of the larger extent of the hand")
    arm_confidence: float = Field(0.5, ge=0, le=1, description="of shoulder, elbow and wrist, to place the box by them")
    bottom: float | None = Field(None, ge=0, description="no box by an arm whose wrist is so near the lower border")


@dataclass(frozen=True)
class Boxes:
    """``corner`` (T, 2), ``side`` (T,) and whether there is a box at all (T,)."""

    corner: Numbers
    side: Numbers
    is_there: NDArray[np.bool_]


def hand_boxes(
    hand: FloatArray,
    hand_confidence: FloatArray,
    arm: FloatArray,
    arm_confidence: FloatArray,
    rule: BoxRule,
    picture: tuple[float, float] | None = None,
) -> Boxes:
    """Boxes of a hand (T, 21, 2) whose arm is shoulder, elbow, wrist (T, 3, 2).

    In a ``picture`` of known width and height boxes have whole pixels and stay inside it, as released weights expect.
    """
    by_points = _by_points(hand.astype(np.float64), hand_confidence > rule.confidence, rule, picture)
    by_arm = _by_arm(arm.astype(np.float64), (arm_confidence >= rule.arm_confidence).all(1), rule, picture)
    first = by_points.is_there
    return Boxes(
        np.where(first[:, None], by_points.corner, by_arm.corner),
        np.where(first, by_points.side, by_arm.side),
        first | by_arm.is_there,
    )


def _by_points(hand: Numbers, seen: NDArray[np.bool_], rule: BoxRule, picture: tuple[float, float] | None) -> Boxes:
    is_there = seen.sum(1) >= rule.visible
    use = seen | ~is_there[:, None]  # frames without a box still need some numbers
    low = np.where(use[..., None], hand, np.inf).min(1)
    high = np.where(use[..., None], hand, -np.inf).max(1)
    extent = rule.enlarge * (high - low).max(1)
    middle = low + (high - low) / 2
    if picture is None:
        return Boxes(middle - extent[:, None] / 2, np.where(extent > 0, extent, 1.0), is_there)
    size = np.asarray(picture, np.float64)
    side = np.minimum(np.maximum(np.rint(extent), 1), size.min() - 1)
    corner = np.rint(np.maximum(middle - side[:, None] / 2, 0))
    return Boxes(np.trunc(np.minimum(corner, size - 1 - side[:, None])), np.trunc(side), is_there)


def _by_arm(arm: Numbers, is_there: NDArray[np.bool_], rule: BoxRule, picture: tuple[float, float] | None) -> Boxes:
    shoulder, elbow, wrist = arm[:, 0], arm[:, 1], arm[:, 2]
    forearm, upper = np.linalg.norm(wrist - elbow, axis=1), np.linalg.norm(elbow - shoulder, axis=1)
    side = OF_FOREARM * np.maximum(forearm, OF_UPPER_ARM * upper)
    corner = wrist + BEYOND_WRIST * (wrist - elbow) - side[:, None] / 2
    if picture is not None:
        size = np.asarray(picture, np.float64)
        if rule.bottom is not None:
            is_there = is_there & (wrist[:, 1] < size[1] - rule.bottom)
        corner = np.maximum(corner, 0)
        side = np.trunc(np.minimum(side, (size - corner).min(1)))
        corner = np.trunc(corner)
    return Boxes(corner, np.where(side > 0, side, 1.0), is_there & (side > 0))
