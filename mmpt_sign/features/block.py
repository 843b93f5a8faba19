"""One clip as bytes: what a store keeps of it, side by side, so that reading a clip touches one stretch of a file.

===========  ===============  ======================================================================================
part         type             content
===========  ===============  ======================================================================================
rates        float64 (4,)     frames per second, and the three factors of `Clip.unit_scale`
steps        float32 (K, C)   points: for each component and axis, what one step is; coordinate = step * number
..           float32 (T,)     features: the same for each frame
numbers      int16 (T, V, C)  whole steps, as many as fit between 0 and the largest; 0 where a point is missing
confidence   uint8 (T, V)     confidence x 255, rounded up; 0 = missing
===========  ===============  ======================================================================================

Whole numbers in the range of each clip keep a 1280-pixel recording to 0.02 pixels; float16, which takes the same room,
keeps it to half a pixel at the far side.  Each component has a range of its own, because world landmarks are metres
beside pixels, and the depth of a hand is a fiftieth of the depth of a body.  Ranges are around 0, so that a missing
point is 0 without being looked for and a clip is read with one multiplication.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError
from mmpt_sign.poses.arrays import FEATURE_LAYOUT
from mmpt_sign.poses.clip import Clip, FloatArray, Layout, layout_of

LARGEST = 32767
ALIGNED = 8
LARGEST_DIMS = 1 << 20


@dataclass(frozen=True)
class Form:
    """What all clips of one store have in common: their points, and how many numbers a point has."""

    points: tuple[str, ...]
    dims: int

    @classmethod
    def of(cls, points: tuple[str, ...], dims: int) -> Form:
        """A form that can be written; `DataError` for one that cannot."""
        form = cls(points, dims)
        if not points or len(set(points)) != len(points):
            raise DataError(f"a store needs points that differ in their names, not {len(points)} such as {points[:3]}")
        if not (1 <= dims <= LARGEST_DIMS if form.of_features else dims in (2, 3)):
            raise DataError(f"points have 2 or 3 coordinates, not {dims}")
        return form

    @cached_property
    def of_features(self) -> bool:
        """Whether the clips are (T, D) features, which travel as one point."""
        return self.points == FEATURE_LAYOUT.points

    @cached_property
    def layout(self) -> Layout:
        """The points as clips carry them, kept: to look them up by hundreds of names takes longer than some clips."""
        return layout_of(self.points)

    @cached_property
    def digest(self) -> str:
        """Tells two forms apart."""
        return hashlib.sha256("\n".join((str(self.dims), *self.points)).encode()).hexdigest()[:16]

    @cached_property
    def step_of_column(self) -> NDArray[np.int64]:
        """Which of the K * C steps is that of each of the V * C numbers of a frame."""
        component = np.zeros(len(self.points), np.int64)
        for k, indices in enumerate(self.layout.components.values()):
            component[list(indices)] = k
        return (component[:, None] * self.dims + np.arange(self.dims)).ravel()

    @cached_property
    def fixed_bytes(self) -> int:
        """What a clip takes however short it is."""
        return 32 + (0 if self.of_features else 4 * len(self.layout.components) * self.dims)

    @cached_property
    def frame_bytes(self) -> int:
        """What a frame adds."""
        return len(self.points) * (2 * self.dims + 1) + (4 if self.of_features else 0)

    def bytes_of(self, frames: int) -> int:
        """The size of a clip, a multiple of eight."""
        size = self.fixed_bytes + frames * self.frame_bytes
        return size + -size % ALIGNED

    def fitted(self, clip: Clip) -> Clip:
        """The clip with these points and dimensions: what it lacks is missing, depth it lacks is 0."""
        if len(clip) == 0 or self.of_features != (clip.layout.points == FEATURE_LAYOUT.points):
            raise DataError(f"a clip of shape {clip.data.shape} does not fit a store of {self}")
        dims = clip.data.shape[-1]
        if dims != self.dims and (self.of_features or dims not in (2, 3)):
            raise DataError(f"the clip has {dims} numbers per point, the store has {self.dims}")
        if self.dims < dims:
            clip = clip.with_data(np.ascontiguousarray(clip.data[..., : self.dims]))
        elif self.dims > dims:
            depth = np.zeros((*clip.data.shape[:2], 1), np.float32)
            clip = clip.with_data(np.concatenate([clip.data, depth], axis=-1))
        if not any(name in clip.layout.position for name in self.points):
            raise DataError(
                f"the clip has none of the store's points; its components: {', '.join(clip.layout.components)}"
            )
        return clip.take(self.points)

    def __str__(self) -> str:
        return f"features of {self.dims} numbers" if self.of_features else f"{len(self.points)} points x {self.dims}"


def pack(form: Form, clip: Clip) -> bytes:
    """A clip as a store keeps it; `DataError` where it does not fit the form or holds what is no number."""
    clip = form.fitted(clip)
    rates = np.array([clip.fps, *clip.unit_scale], "<f8")
    if not (np.isfinite(clip.data).all() and np.isfinite(clip.confidence).all() and np.isfinite(rates).all()):
        raise DataError("the clip holds numbers that are not finite")
    largest = np.abs(np.where(clip.confidence[..., None] > 0, clip.data, 0))
    if form.of_features:
        steps = _steps(largest.max((1, 2)))
        spread = steps[:, None]
    else:
        parts = form.layout.components.values()
        steps = _steps(np.stack([largest[:, list(indices)].max((0, 1)) for indices in parts]))
        spread = steps.take(form.step_of_column)[None]
    numbers = np.rint(clip.rows / spread.astype(np.float64)).clip(-LARGEST, LARGEST)
    numbers = np.where(clip.confidence[..., None] > 0, numbers.reshape(clip.data.shape), 0).astype("<i2")
    confidence = np.ceil(clip.confidence * np.float32(255)).clip(0, 255).astype("|u1")
    data: bytes = rates.tobytes() + steps.tobytes() + numbers.tobytes() + confidence.tobytes()
    return data + bytes(-len(data) % ALIGNED)


def unpack(form: Form, block: Any, frames: int) -> Clip:
    """The clip in ``block``, a buffer of exactly ``form.bytes_of(frames)`` bytes."""
    points, dims = len(form.points), form.dims
    count = frames * points
    at = form.fixed_bytes + (4 * frames if form.of_features else 0)
    fps, *scale = np.frombuffer(block, "<f8", 4).tolist()
    steps = np.frombuffer(block, "<f4", (at - 32) // 4, 32)
    rows = np.frombuffer(block, "<i2", dims * count, at).reshape(frames, -1).astype(np.float32)
    rows *= steps[:, None] if form.of_features else steps.take(form.step_of_column)  # twice as fast as in one go
    confidence = np.frombuffer(block, "|u1", count, at + 2 * dims * count).reshape(frames, points)
    data: FloatArray = rows.reshape(frames, points, dims)
    return Clip(data, confidence * np.float32(1 / 255), form.layout, fps, (scale[0], scale[1], scale[2]))


def _steps(largest: NDArray[Any]) -> FloatArray:
    """The step that lets the largest number be reached."""
    steps: FloatArray = (largest / LARGEST).astype("<f4")
    return np.where(steps > 0, steps, np.float32(1)).astype("<f4")
