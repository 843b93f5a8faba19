"""Rotation in space about the origin, as if the camera stood elsewhere."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from mmpt_sign.config.contracts import Augmentation
from mmpt_sign.poses.clip import Clip


class Rotate3d(Augmentation):
    """One angle about each of the three axes per clip; clips without depth are turned in the picture plane only."""

    name: Literal["rotate3d"] = "rotate3d"
    angle: float = Field(0.25, ge=0, description="deviation of each angle in radians")

    short_form: ClassVar[str | None] = "angle"

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        x, y, z = rng.normal(0, self.angle, 3)
        about_z = _rotation(z, 0, 1)
        matrix = (_rotation(x, 1, 2) @ _rotation(y, 0, 2) @ about_z) if clip.data.shape[-1] == 3 else about_z[:2, :2]
        return clip.with_data(clip.data @ matrix.astype(np.float32))


def _rotation(angle: float, i: int, j: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = np.cos(angle)
    matrix[i, j], matrix[j, i] = np.sin(angle), -np.sin(angle)
    return matrix
