"""A block of frames in which nothing is seen."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from mmpt_sign.config.contracts import Augmentation
from mmpt_sign.poses.clip import Clip


class FrameDropout(Augmentation):
    """With probability ``p`` a random stretch of up to ``most`` of the clip goes missing; the length stays."""

    name: Literal["frame_dropout"] = "frame_dropout"
    p: float = Field(0.5, ge=0, le=1)
    most: float = Field(0.3, ge=0, lt=1)

    short_form: ClassVar[str | None] = "p"

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """The clip with a hole in time, or itself."""
        length = int(rng.uniform(0, self.most) * len(clip))
        if rng.random() >= self.p or length == 0:
            return clip
        start = int(rng.integers(len(clip) - length + 1))
        data, confidence = clip.data.copy(), clip.confidence.copy()
        data[start : start + length], confidence[start : start + length] = 0, 0
        return clip.with_data(data, confidence)
