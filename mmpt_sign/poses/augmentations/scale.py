"""Stretch of each axis by a factor of its own."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from mmpt_sign.config.contracts import Augmentation
from mmpt_sign.poses.clip import Clip, each_axis


class Scale(Augmentation):
    """Factors exp(N(0, deviation)), one per axis and clip: other proportions of signer and camera."""

    name: Literal["scale"] = "scale"
    deviation: float = Field(0.12, ge=0)

    short_form: ClassVar[str | None] = "deviation"

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """The clip in other proportions."""
        factors = np.exp(rng.normal(0, self.deviation, clip.data.shape[-1]))
        return clip.with_data((clip.rows * each_axis(factors, len(clip.layout))).reshape(clip.data.shape))
