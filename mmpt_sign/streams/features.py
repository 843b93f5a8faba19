"""Features of a frozen video network (I3D, S3D), one vector per window, as a stream."""

from __future__ import annotations

from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from mmpt_sign.config.contracts import Stream
from mmpt_sign.errors import DataError
from mmpt_sign.poses.clip import Clip, FloatArray, Layout


class Features(Stream):
    """(T, size) arrays; ``pool_to`` averages neighbouring numbers, as the original does to bring I3D to 512."""

    kind: Literal["features"] = "features"
    size: int = Field(ge=1, description="numbers per window in the files")
    pool_to: int | None = Field(None, ge=1)

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
        """The clip itself, once its width is checked."""
        if clip.data.shape[-1] != self.size:
            raise DataError(f"features of {clip.data.shape[-1]} numbers were found, {self.size} are expected")
        return clip

    def encode(self, clip: Clip, rng: np.random.Generator | None = None) -> FloatArray:
        """(T, width)."""
        x = clip.data[:, 0]
        return x if self.pool_to is None else x.reshape(len(x), self.pool_to, -1).mean(-1)
