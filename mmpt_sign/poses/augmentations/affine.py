"""Shear, rotation and vertical scale in the picture plane (the original's ``augment2d``)."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from mmpt_sign.config.contracts import Augmentation
from mmpt_sign.poses.clip import Clip


class Affine(Augmentation):
    """One draw per clip: row vectors (x, y) times Shear · Rotation · Scale about the origin, depth untouched."""

    name: Literal["affine"] = "affine"
    strength: float | None = Field(None, ge=0, description="one deviation for all three")
    shear: float = Field(0.2, ge=0, description="deviation of the shear")
    rotate: float = Field(0.2, ge=0, description="deviation of the angle in radians")
    scale: float = Field(0.2, ge=0, description="deviation of the factor on y")

    short_form: ClassVar[str | None] = "strength"

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """One shear, one turn and one stretch of the whole clip."""
        deviations = (self.shear, self.rotate, self.scale) if self.strength is None else (self.strength,) * 3
        shear, angle, factor = rng.normal(size=3) * deviations
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        matrix = np.eye(clip.data.shape[-1])
        matrix[:2, :2] = np.array([[1, shear], [0, 1]]) @ turn @ np.diag([1, 1 + factor])
        return clip.turned(matrix)
