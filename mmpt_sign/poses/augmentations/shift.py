"""A translation of the whole clip."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from mmpt_sign.config.contracts import Augmentation
from mmpt_sign.poses.clip import Clip, each_axis, without


class Shift(Augmentation):
    """One offset per clip: the signer stands elsewhere."""

    name: Literal["shift"] = "shift"
    deviation: float = Field(0.1, ge=0)

    short_form: ClassVar[str | None] = "deviation"

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """The clip somewhere else."""
        offset = rng.normal(0, self.deviation, clip.data.shape[-1])
        data = (clip.rows + each_axis(offset, len(clip.layout))).reshape(clip.data.shape)
        return clip.with_data(without(data, clip.confidence == 0))
