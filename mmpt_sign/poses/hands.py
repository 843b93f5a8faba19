"""Tell two hands apart that a detector listed in the order of detection."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from mmpt_sign.poses.clip import FloatArray

NEW_HAND = 0.125  # of the frame: a hand nearer than this to a track's last place rather belongs to that track
MIDDLE = 0.5

Place: TypeAlias = Sequence[float] | None


def told_apart(hands: FloatArray) -> FloatArray:
    """(T, 2, 21, C) slots in any order, x and y in fractions of the frame -> (T, 42, C) left hand, right hand.

    Followed over time: in each frame the assignment that moves the wrists least is kept.  The track that is on the
    whole further left in the image is the signer's right hand, as cameras see it; NaN (not detected) stays NaN.
    """
    seen = np.isfinite(hands).all((2, 3))
    wrists = hands[:, :, 0, :2].astype(np.float64).tolist()
    places = [
        [xy if found else None for xy, found in zip(*frame, strict=True)] for frame in zip(wrists, seen, strict=True)
    ]
    swapped = _swaps(places)
    tracks = np.where(swapped[:, None, None, None], hands[:, ::-1], hands)
    present = np.where(swapped[:, None], seen[:, ::-1], seen)
    centres = [
        float(tracks[present[:, side], side, 0, 0].mean()) if present[:, side].any() else None for side in (0, 1)
    ]
    ordered = tracks[:, ::-1] if _first_is_right(*centres) else tracks
    return ordered.reshape(len(hands), 2 * hands.shape[2], hands.shape[3])


def _swaps(places: Sequence[Sequence[Place]]) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """For each frame whether its slots change places so that the tracks go on smoothly."""
    last: list[Place] = [None, None]
    swaps = np.zeros(len(places), bool)
    for frame, (a, b) in enumerate(places):
        swaps[frame] = _cost(b, a, last) < _cost(a, b, last)
        kept = (b, a) if swaps[frame] else (a, b)
        last = [place or before for place, before in zip(kept, last, strict=True)]
    return swaps


def _cost(first: Place, second: Place, last: Sequence[Place]) -> float:
    """How far the wrists would have moved; at the start track 0 prefers the left half of the image."""
    cost = 0.0
    for side, (wrist, before) in enumerate(zip((first, second), last, strict=True)):
        if wrist is None:
            continue
        if before is not None:
            cost += math.dist(wrist, before)
        elif last[1 - side] is not None:
            cost += NEW_HAND
        else:
            cost += max(wrist[0] - MIDDLE, 0) if side == 0 else max(MIDDLE - wrist[0], 0)
    return cost


def _first_is_right(first: float | None, second: float | None) -> bool:
    if first is None and second is None:
        return False
    if second is None:
        return first is not None and first <= MIDDLE
    return second > MIDDLE if first is None else first <= second
