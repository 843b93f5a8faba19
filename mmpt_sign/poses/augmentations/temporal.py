"""Another speed: the clip resampled in time."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from mmpt_sign.config.contracts import Augmentation
from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.resample import evenly


class Temporal(Augmentation):
    """One ratio of lengths per clip.

    ``normal`` draws it from N(1, deviation), as the original does; with ``whole_fps`` the new frame rate is rounded
    there, so that the ratio takes steps, and with ``bridge_gaps`` a point is interpolated over the frames that miss it.
    ``log_uniform`` draws between 1 / (1 + deviation) and 1 + deviation.
    """

    name: Literal["temporal"] = "temporal"
    deviation: float = Field(0.2, ge=0)
    law: Literal["normal", "log_uniform"] = "normal"
    whole_fps: bool = Field(False, description="round the new frame rate, as the original does")
    bridge_gaps: bool = Field(False, description="interpolate a point across frames that miss it, as the original does")
    p: float = Field(1.0, ge=0, le=1, description="share of the clips that are changed")
    longest: int = Field(256, ge=1, description="a clip that would become longer is left as it is")

    short_form: ClassVar[str | None] = "deviation"

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """The clip at another speed, or itself where it would become too long."""
        if self.p < 1 and rng.random() >= self.p:
            return clip
        ratio = self._ratio(rng)
        if len(clip) < 2 or len(clip) * ratio >= self.longest:
            return clip
        if self.whole_fps:
            ratio = round(clip.fps * ratio) / clip.fps
        return evenly(clip, max(round(len(clip) * ratio), 1), bridge_gaps=self.bridge_gaps)

    def _ratio(self, rng: np.random.Generator) -> float:
        if self.law == "log_uniform":
            return float(np.exp(rng.uniform(-1, 1) * np.log1p(self.deviation)))
        return max(float(rng.normal(1, self.deviation)), 0.0)
