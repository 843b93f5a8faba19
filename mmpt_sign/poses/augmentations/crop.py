"""A piece of the clip: signs are cut out of videos in many ways."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from mmpt_sign.config.contracts import Augmentation
from mmpt_sign.poses.clip import Clip


class Crop(Augmentation):
    """Up to ``most`` of the frames are lost, at the start and at the end in random shares."""

    name: Literal["crop"] = "crop"
    most: float = Field(0.3, ge=0, lt=1)
    shortest: int = Field(4, ge=1, description="frames that always stay")

    short_form: ClassVar[str | None] = "most"

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """The frames that are left."""
        lost = min(int(rng.uniform(0, self.most) * len(clip)), max(len(clip) - self.shortest, 0))
        start = int(rng.integers(lost + 1))
        return clip.frames(start, len(clip) - (lost - start))
