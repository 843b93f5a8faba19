"""Resample a clip in time: all points at once, missing ones respected."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError
from mmpt_sign.poses.clip import Clip, FloatArray

Frames: TypeAlias = NDArray[np.int64]
MAX_TIMES, MAX_FRAMES = 10, 10_000  # more frames than both come of a wrong rate in the file


def at_most(clip: Clip, count: int | None) -> Clip:
    """A clip of more frames than ``count``, thinned evenly to so many."""
    return clip if count is None or len(clip) <= count else evenly(clip, count)


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
    source = _without_gaps(clip) if bridge_gaps else clip
    seen = source.confidence > 0
    one_missing = np.flatnonzero(~(seen[low] & seen[high]))
    data = _between(source.rows, low, high, part).reshape(count, *clip.data.shape[1:])
    confidence = _between(source.confidence, low, high, part)
    by_point = data.reshape(-1, data.shape[-1])
    if bridge_gaps:
        by_point[one_missing], confidence.ravel()[one_missing] = 0, 0
    else:
        frame, point = np.divmod(one_missing, len(clip.layout))
        near = np.where(part[:, 0] > 0.5, high, low)[frame]
        by_point[one_missing] = clip.data[near, point]
        confidence.ravel()[one_missing] = clip.confidence[near, point]
    return Clip(data, confidence, clip.layout, clip.fps * count / len(clip), clip.unit_scale)


def at_rate(clip: Clip, fps: float) -> Clip:
    """The clip at another frame rate; a file that claims hardly any frames per second would make millions of them."""
    count = max(round(len(clip) * fps / clip.fps), 1)
    if count > max(MAX_TIMES * len(clip), MAX_FRAMES):
        raise DataError(f"{len(clip)} frames at {clip.fps:g} per second would become {count} at {fps:g}")
    return evenly(clip, count)


def _between(rows: FloatArray, low: Frames, high: Frames, part: FloatArray) -> FloatArray:
    moved: FloatArray = rows[low] * (1 - part)
    moved += rows[high] * part
    return moved


def _without_gaps(clip: Clip) -> Clip:
    """The clip with every point interpolated linearly between its first and its last detection."""
    seen = clip.confidence > 0
    columns = np.flatnonzero(~seen.all(0) & seen.any(0))
    there = seen[:, columns]
    frames = np.arange(len(seen))[:, None]
    last = np.maximum.accumulate(np.where(there, frames, -1), axis=0)
    following = np.minimum.accumulate(np.where(there, frames, len(seen))[::-1], axis=0)[::-1]
    frame, column = np.nonzero((last >= 0) & (following < len(seen)) & ~there)
    if not len(frame):
        return clip
    point, before, after = columns[column], last[frame, column], following[frame, column]
    weight = ((frame - before) / (after - before)).astype(np.float32)
    data, confidence = clip.data.copy(), clip.confidence.copy()
    data[frame, point] = data[before, point] * (1 - weight)[:, None] + data[after, point] * weight[:, None]
    confidence[frame, point] = confidence[before, point] * (1 - weight) + confidence[after, point] * weight
    return clip.with_data(data, confidence)
