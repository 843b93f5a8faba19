"""Tell two hands apart that a detector listed in the order of detection."""

from __future__ import annotations

import numpy as np

from mmpt_sign.poses.clip import FloatArray

JUMP = 0.25  # of the frame; a hand that seems to move further between two frames is rather the other one


def told_apart(hands: FloatArray) -> FloatArray:
    """(T, 2, 21, C) slots in any order -> (T, 42, C) left hand, right hand of the signer.

    Followed over time: in each frame the assignment that moves the wrists least is kept.  The track that is on the
    whole further left in the image is the signer's right hand, as cameras see it.
    """
    tracks = np.full_like(hands, np.nan)
    last: list[FloatArray | None] = [None, None]
    for frame, slots in enumerate(hands):
        wrists = slots[:, 0, :2]
        if _cost(wrists[[1, 0]], last) < _cost(wrists, last):
            slots = slots[::-1]
        tracks[frame] = slots
        for side in (0, 1):
            if np.isfinite(slots[side, 0, 0]):
                last[side] = slots[side, 0, :2]
    seen = np.isfinite(tracks[:, :, 0, 0])
    centre = [float(tracks[seen[:, side], side, 0, 0].mean()) if seen[:, side].any() else np.nan for side in (0, 1)]
    right_first = _right_is_first(centre)
    ordered = tracks[:, ::-1] if right_first else tracks
    return ordered.reshape(len(hands), 42, hands.shape[-1])


def _cost(wrists: FloatArray, last: list[FloatArray | None]) -> float:
    """How far the wrists would have moved; unknown ones cost half a jump, or their side of the image at the start."""
    cost = 0.0
    for side, (wrist, before) in enumerate(zip(wrists, last, strict=True)):
        if not np.isfinite(wrist[0]):
            continue
        if before is not None:
            cost += float(np.linalg.norm(wrist - before))
        elif all(b is None for b in last):
            cost += JUMP * (float(wrist[0]) > 0.5) if side == 0 else JUMP * (float(wrist[0]) <= 0.5)
        else:
            cost += JUMP / 2
    return cost


def _right_is_first(centre: list[float]) -> bool:
    first, second = centre
    if np.isnan(second):
        return bool(first <= 0.5)
    if np.isnan(first):
        return bool(second > 0.5)
    return bool(first <= second)
