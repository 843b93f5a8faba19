"""Gaussian noise on every point that is seen."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from mmpt_sign.config.contracts import Augmentation
from mmpt_sign.poses.clip import Clip, without


class Noise(Augmentation):
    """The jitter of a detector; the original's strength is 0.001."""

    name: Literal["noise"] = "noise"
    deviation: float = Field(0.001, ge=0)

    short_form: ClassVar[str | None] = "deviation"

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """Every seen coordinate a little off."""
        noise = rng.standard_normal(clip.data.shape, dtype=np.float32) * np.float32(self.deviation)
        return clip.with_data(without(clip.data + noise, clip.confidence == 0))
