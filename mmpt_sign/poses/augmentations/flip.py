"""Mirror image with some probability: the sign as made with the other hand."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from mmpt_sign.config.contracts import Augmentation
from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.flip import mirror


class Flip(Augmentation):
    """Left and right points change places by name."""

    name: Literal["flip"] = "flip"
    p: float = Field(0.5, ge=0, le=1)

    short_form: ClassVar[str | None] = "p"

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """The mirror image, or the clip itself."""
        return mirror(clip) if rng.random() < self.p else clip
