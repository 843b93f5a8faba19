"""Resample a clip in time: all points at once, missing ones respected."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.poses.clip import Clip, FloatArray

Seen: TypeAlias = NDArray[np.bool_]


def evenly(clip: Clip, count: int, *, bridge_gaps: bool = False) -> Clip:
    """``count`` frames from the first to the last, linearly interpolated; the frame rate changes with them.

    ``bridge_gaps`` interpolates between the nearest detections of a point, however far apart, and leaves it missing
    before its first and after its last one, as the original does.  Otherwise a point is interpolated only between two
    neighbouring frames that both have it, and else it is as in the nearer of them.
    """
    if count == len(clip) and not bridge_gaps:
        return clip
    # The same comparisons of the same floating-point numbers as in the original decide what is still inside.
    old, new = np.linspace(0, 1, len(clip)), np.linspace(0, 1, count)
    low = np.searchsorted(old, new, side="right") - 1
    high = np.minimum(np.searchsorted(old, new, side="left"), len(clip) - 1)
    part = (new * (len(clip) - 1) - low).clip(0, 1).astype(np.float32)[:, None]
    data, confidence = _without_gaps(clip) if bridge_gaps else (clip.data, clip.confidence)
    seen = confidence > 0
    both = seen[low] & seen[high]
    weight = np.where(both, part, np.float32(0) if bridge_gaps else (part > 0.5).astype(np.float32))
    rest = both - weight if bridge_gaps else 1 - weight
    moved = data[low] * rest[..., None]
    moved += data[high] * weight[..., None]
    sure = confidence[low] * rest + confidence[high] * weight
    return Clip(moved, sure, clip.layout, clip.fps * count / len(clip), clip.unit_scale)


def at_rate(clip: Clip, fps: float) -> Clip:
    """The clip at another frame rate."""
    return evenly(clip, max(round(len(clip) * fps / clip.fps), 1))


def _without_gaps(clip: Clip) -> tuple[FloatArray, FloatArray]:
    """Data and confidence with every point interpolated linearly between its first and its last detection."""
    seen = clip.confidence > 0
    inside = np.maximum.accumulate(seen, axis=0) & np.maximum.accumulate(seen[::-1], axis=0)[::-1]
    frame, point = np.nonzero(inside & ~seen)
    if not len(frame):
        return clip.data, clip.confidence
    before, after = _detections_around(seen, frame, point)
    weight = ((frame - before) / (after - before)).astype(np.float32)
    data, confidence = clip.data.copy(), clip.confidence.copy()
    data[frame, point] = data[before, point] * (1 - weight)[:, None] + data[after, point] * weight[:, None]
    confidence[frame, point] = confidence[before, point] * (1 - weight) + confidence[after, point] * weight
    return data, confidence


def _detections_around(
    seen: Seen, frame: NDArray[np.int64], point: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each missing (frame, point) the last frame before and the first one after it that have the point."""
    columns, column = np.unique(point, return_inverse=True)
    frames = np.arange(len(seen))[:, None]
    there = seen[:, columns]
    before = np.maximum.accumulate(np.where(there, frames, -1), axis=0)
    after = np.minimum.accumulate(np.where(there, frames, len(seen))[::-1], axis=0)[::-1]
    return before[frame, column], after[frame, column]
