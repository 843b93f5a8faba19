"""Resample a clip in time: all points at once, missing ones respected."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.poses.clip import Clip, FloatArray

Frames: TypeAlias = NDArray[np.int64]
Seen: TypeAlias = NDArray[np.bool_]


def at_times(clip: Clip, times: FloatArray, *, bridge_gaps: bool) -> Clip:
    """The clip at fractional frame numbers ``times``.

    ``bridge_gaps`` interpolates between the nearest detections of a point, however far apart, and leaves it missing
    before its first and after its last one, as the original does.  Otherwise a point is interpolated between two
    neighbouring frames that both have it, and else it is as in the nearer frame.
    """
    last = len(clip) - 1
    times = np.clip(times, 0, last).astype(np.float32)
    low, high = np.floor(times).astype(np.int64), np.ceil(times).astype(np.int64)
    seen = clip.confidence > 0
    if bridge_gaps:
        before, after = _neighbours(seen)
        low_at, high_at = before[low], after[high]
        known = (low_at >= 0) & (high_at <= last)
        low_at, high_at = np.where(known, low_at, 0), np.where(known, high_at, 0)
    else:
        near = np.where((times - low < 0.5), low, high)[:, None]
        both = seen[low] & seen[high]
        low_at, high_at = np.where(both, low[:, None], near), np.where(both, high[:, None], near)
        known = np.take_along_axis(seen, low_at, 0)
    return _between(clip, times, low_at, high_at, known)


def _between(clip: Clip, times: FloatArray, low: Frames, high: Frames, known: Seen) -> Clip:
    """Linear between frames ``low`` and ``high`` of each point; zero where the point is not ``known``."""
    span = np.maximum(high - low, 1)
    weight = (np.clip((times[:, None] - low) / span, 0, 1) * (high > low)).astype(np.float32)
    points = np.arange(clip.data.shape[1])
    start, end = clip.data[low, points], clip.data[high, points]
    data = np.where(known[..., None], start + (end - start) * weight[..., None], np.float32(0))
    first, second = clip.confidence[low, points], clip.confidence[high, points]
    confidence = np.where(known, first + (second - first) * weight, np.float32(0))
    return clip.with_data(data.astype(np.float32), confidence.astype(np.float32))


def _neighbours(seen: Seen) -> tuple[Frames, Frames]:
    """For every frame and point the last detection up to it and the first one from it on (-1 and T if none)."""
    frames = np.arange(len(seen))[:, None]
    before = np.maximum.accumulate(np.where(seen, frames, -1), 0)
    after = np.minimum.accumulate(np.where(seen, frames, len(seen))[::-1], 0)[::-1]
    return before, after


def evenly(clip: Clip, count: int) -> Clip:
    """``count`` frames from the first to the last."""
    return at_times(clip, np.linspace(0, len(clip) - 1, count, dtype=np.float32), bridge_gaps=False)
