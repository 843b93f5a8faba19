"""The in-memory form of a signing clip: named points over time, with a confidence for each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True)
class Layout:
    """The ordered names of a clip's points, each ``COMPONENT.POINT`` as in the header of a ``.pose`` file.

    Everything that selects or mirrors points asks by name, so that a file with more, fewer or differently ordered
    points goes through the same code.
    """

    points: tuple[str, ...]

    @cached_property
    def position(self) -> dict[str, int]:
        """Index of each point by its full name."""
        return {name: index for index, name in enumerate(self.points)}

    @cached_property
    def components(self) -> dict[str, tuple[int, ...]]:
        """Indices of the points of each component, in order of appearance."""
        found: dict[str, list[int]] = {}
        for index, name in enumerate(self.points):
            found.setdefault(name.partition(".")[0], []).append(index)
        return {name: tuple(indices) for name, indices in found.items()}

    def __len__(self) -> int:
        return len(self.points)


@lru_cache(maxsize=128)
def layout_of(points: tuple[str, ...]) -> Layout:
    """One object per list of names, so that its tables are made once for all clips of a data set."""
    return Layout(points)


def without(data: FloatArray, missing: NDArray[np.bool_]) -> FloatArray:
    """``data`` (T, V, C), written to: zero where ``missing`` (T, V)."""
    data.reshape(-1, data.shape[-1])[np.flatnonzero(missing)] = 0
    return data


def each_axis(values: NDArray[Any], points: int) -> FloatArray:
    """One number per axis as a row (V * C), because numpy is many times slower along an axis of length 3."""
    return np.tile(np.asarray(values, np.float32), points)


@dataclass(frozen=True)
class Clip:
    """T frames of V points with C coordinates (2 or 3).

    ``data`` (T, V, C) float32 is 0 wherever ``confidence`` (T, V) is 0 (a missing point); nothing is NaN.
    ``unit_scale`` holds the factors that bring x, y and z into one common unit (a MediaPipe file has x and y in pixels
    but z in fractions of the image width: its factors are (1, 1, width)).
    """

    data: FloatArray
    confidence: FloatArray
    layout: Layout
    fps: float = 25.0
    unit_scale: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def __len__(self) -> int:
        return int(self.data.shape[0])

    @property
    def rows(self) -> FloatArray:
        """The coordinates as (T, V * C), the same memory."""
        return self.data.reshape(len(self), -1)

    def with_data(self, data: FloatArray, confidence: FloatArray | None = None) -> Clip:
        """The same clip with other numbers."""
        return replace(self, data=data, confidence=self.confidence if confidence is None else confidence)

    def turned(self, matrix: NDArray[np.float64]) -> Clip:
        """Every point as a row vector times ``matrix`` (C, C); a missing point stays zero."""
        points = self.data.reshape(-1, self.data.shape[-1]) @ matrix.astype(np.float32)
        return self.with_data(points.reshape(self.data.shape))

    def take(self, points: tuple[str, ...]) -> Clip:
        """The named points in the given order; a point this clip does not have comes out as missing."""
        if points == self.layout.points:
            return self
        position = self.layout.position
        index = np.array([position.get(name, -1) for name in points], dtype=np.int64)
        data, confidence = self.data.take(index, axis=1), self.confidence.take(index, axis=1)
        absent = index < 0
        if absent.any():
            data[:, absent] = 0
            confidence[:, absent] = 0
        return replace(self, data=data, confidence=confidence, layout=layout_of(points))

    def frames(self, start: int, end: int) -> Clip:
        """The frames from ``start`` up to ``end`` (excluded)."""
        return self.with_data(self.data[start:end], self.confidence[start:end])
