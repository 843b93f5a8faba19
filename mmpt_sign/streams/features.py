"""Features of a frozen video network (I3D, S3D), one vector per window, as a stream."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from mmpt_sign.config.contracts import Stream
from mmpt_sign.errors import DataError
from mmpt_sign.poses.clip import Clip, FloatArray, Layout


class Features(Stream):
    """(T, size) arrays, carried as clips of one point with ``size`` coordinates; they have nothing to normalise.

    ``pool_to`` averages neighbouring numbers, as the original does to bring I3D from 1024 to 512.
    """

    kind: Literal["features"] = "features"
    size: int = Field(ge=1, description="numbers per window in the files")
    pool_to: int | None = Field(None, ge=1, description="average neighbouring numbers down to so many")
    thin_to: int | None = Field(None, ge=1, description="of a longer clip so many windows are taken, evenly")

    @model_validator(mode="after")
    def _divides(self) -> Features:
        if self.pool_to is not None and self.size % self.pool_to:
            raise ValueError(f"{self.size} numbers cannot be averaged to {self.pool_to}")
        return self

    def fixed_to(self, layout: Layout) -> Features:
        """Features have no points to fix."""
        return self

    @property
    def width(self) -> int:
        """D of a window."""
        return self.pool_to or self.size

    def prepare(self, clip: Clip) -> Clip:
        """The clip, pooled, once its width is checked."""
        if clip.data.shape[1:] != (1, self.size):
            found = clip.data.shape[2] if clip.data.shape[1] == 1 else f"points ({', '.join(clip.layout.components)})"
            raise DataError(f"the stream expects features of {self.size} numbers, the file has {found}")
        if self.pool_to is None:
            return clip
        groups = clip.data.reshape(len(clip), 1, self.pool_to, -1)
        return clip.with_data(groups.mean(-1, dtype=np.float64).astype(np.float32))

    def encode(self, clip: Clip, rng: np.random.Generator | None = None) -> FloatArray:
        """(T, width), as few as wanted."""
        return self.thinned(clip.data[:, 0])

    def thinned(self, frames: FloatArray) -> FloatArray:
        """Windows are picked, never interpolated."""
        if self.thin_to is None or len(frames) <= self.thin_to:
            return frames
        picked: FloatArray = frames[np.linspace(0, len(frames) - 1, self.thin_to).astype(int)]
        return picked
