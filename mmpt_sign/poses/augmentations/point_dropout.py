"""Points that go missing for the whole clip."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from mmpt_sign.config.contracts import Augmentation
from mmpt_sign.poses.clip import Clip


class PointDropout(Augmentation):
    """Each point is lost with probability ``p``, each component (a hand, the face) with probability ``whole``."""

    name: Literal["point_dropout"] = "point_dropout"
    p: float = Field(0.05, ge=0, le=1)
    whole: float = Field(0.0, ge=0, le=1, description="probability that a component is lost with all its points")

    short_form: ClassVar[str | None] = "p"

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """The clip without the points that were drawn."""
        lost = rng.random(clip.data.shape[1]) < self.p
        for indices in clip.layout.components.values():
            lost[list(indices)] |= rng.random() < self.whole
        data, confidence = clip.data.copy(), clip.confidence.copy()
        data[:, lost], confidence[:, lost] = 0, 0
        return clip.with_data(data, confidence)
