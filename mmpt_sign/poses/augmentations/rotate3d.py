"""Rotation in space about the origin, as if the camera stood elsewhere."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mmpt_sign.config.contracts import Augmentation
from mmpt_sign.poses.clip import Clip


class Rotate3d(Augmentation):
    """One angle about each axis per clip; clips without depth are turned in the picture plane only.

    It needs depth in the unit of x and y (``z: scaled``), or a turn about x or y would flatten the clip.
    """

    name: Literal["rotate3d"] = "rotate3d"
    angle: float = Field(0.25, ge=0, description="deviation of each angle in radians")
    axes: tuple[Literal["x", "y", "z"], ...] = Field(("x", "y", "z"), description="what is turned about")

    short_form: ClassVar[str | None] = "angle"

    def __call__(self, clip: Clip, rng: np.random.Generator) -> Clip:
        """The clip seen from another side."""
        angles = rng.normal(0, self.angle, 3) * [axis in self.axes for axis in "xyz"]
        about_z = _rotation(angles[2], 0, 1)
        if clip.data.shape[-1] == 2:
            return clip.turned(about_z[:2, :2])
        return clip.turned(_rotation(angles[0], 1, 2) @ _rotation(angles[1], 0, 2) @ about_z)


def _rotation(angle: float, i: int, j: int) -> NDArray[np.float64]:
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = np.cos(angle)
    matrix[i, j], matrix[j, i] = np.sin(angle), -np.sin(angle)
    return matrix
