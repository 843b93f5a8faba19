"""The pose stream: points of a clip -> what the encoder reads, one path for training, prediction and use."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field, field_validator

from mmpt_sign.config.contracts import Stream
from mmpt_sign.config.named import AugmentationPart
from mmpt_sign.errors import ConfigError
from mmpt_sign.poses import normalise
from mmpt_sign.poses.clip import Clip, FloatArray, Layout
from mmpt_sign.poses.describe import describe, width
from mmpt_sign.poses.resample import evenly
from mmpt_sign.poses.select import frames_with_hands, point_names, with_dominant_right

Block = Literal["coordinates", "body", "shape", "turned_shape", "path", "velocity", "presence"]


class Pose(Stream):
    """Selection, normalisation, augmentation and description of points.

    The order is normalise, then select: hands are placed and scaled by the shoulders of the whole body.
    """

    kind: Literal["pose"] = "pose"
    points: str | tuple[str, ...] = Field("reduced_face", description="a named selection, or components and points")
    dims: Literal[2, 3] = 3
    normalise: Literal["shoulders", "hands", "hand_plane", "spread", "none"] = "shoulders"
    z: Literal["scaled", "raw"] = Field("scaled", description="bring depth to the unit of x and y, or leave it as it is")
    hide_legs: bool = True
    dominant: bool = Field(False, description="mirror clips whose left hand is seen more than the right one")
    drop_empty: bool = Field(False, description="leave out frames in which no hand is seen")
    missing: Literal["zero", "flag"] = Field("zero", description="flag adds one number per point: is it seen")
    features: tuple[Block, ...] = Field(("coordinates",), min_length=1)
    thin_to: int | None = Field(None, ge=1, description="a longer clip is thinned evenly to so many frames")
    augment: dict[str, AugmentationPart] = Field(default_factory=dict, description="applied in this order, in training")
    point_names: tuple[str, ...] | None = Field(None, description="the points spelled out; set from the training data")

    @field_validator("augment", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        """``{affine: 0.2}`` -> ``{affine: {name: affine, strength: 0.2}}``; false or null switches one off."""
        from mmpt_sign.registry import find, names

        if not isinstance(value, dict):
            return value
        full = {}
        for name, options in value.items():
            if options is False or options is None:
                continue
            if isinstance(options, dict) or name not in names("augmentation"):
                full[name] = {"name": name, **options} if isinstance(options, dict) else {"name": name}
            else:
                short = getattr(find("augmentation", name), "short_form", None)
                full[name] = {"name": name} if options is True else {"name": name, str(short): options}
        return full

    def fixed_to(self, layout: Layout) -> Pose:
        """With the points that these data have, by name."""
        if self.point_names is not None:
            return self
        return self.model_copy(update={"point_names": point_names(self.points, layout)})

    @property
    def width(self) -> int:
        """D of a frame."""
        count = len(self._names)
        return width(Layout(self._names), self.dims, self.features) + (count if self.missing == "flag" else 0)

    @property
    def _names(self) -> tuple[str, ...]:
        if self.point_names is None:
            raise ConfigError("the pose stream does not know its points yet; fix it to the layout of some data first")
        return self.point_names

    def prepare(self, clip: Clip) -> Clip:
        """Selected and normalised; the same for every epoch."""
        if self.dominant or self.points == "dominant_hand":
            clip = with_dominant_right(clip)
        if clip.data.shape[-1] != self.dims:
            clip = clip.with_data(_with_dims(clip.data, self.dims))
        if self.z == "scaled" and self.dims == 3:
            clip = normalise.in_one_unit(clip)
        clip = self._normalised(clip)
        clip = clip.take(self._names)
        if self.normalise == "hand_plane":
            clip = normalise.by_hand_plane(clip)
        return frames_with_hands(clip) if self.drop_empty else clip

    def _normalised(self, clip: Clip) -> Clip:
        if self.normalise == "shoulders":
            clip = normalise.by_shoulders(clip)
        elif self.normalise == "hands":
            clip = normalise.by_hands(clip.take(self._names))
        elif self.normalise == "spread":
            clip = normalise.by_spread(clip.take(self._names))
        return normalise.without_legs(clip) if self.hide_legs else clip

    def encode(self, clip: Clip, rng: np.random.Generator | None = None) -> FloatArray:
        """(T, D) frames of a prepared clip."""
        if rng is not None:
            for part in self.augment.values():
                clip = part(clip, rng)
        if self.thin_to is not None and len(clip) > self.thin_to:
            clip = evenly(clip, self.thin_to)
        frames = describe(clip, self.features)
        if self.missing == "flag":
            frames = np.concatenate([frames, (clip.confidence > 0).astype(np.float32)], axis=1)
        return np.nan_to_num(frames, nan=0.0, posinf=0.0, neginf=0.0)


def _with_dims(data: FloatArray, dims: int) -> FloatArray:
    """Depth dropped, or added as zeros."""
    if data.shape[-1] > dims:
        return data[..., :dims]
    return np.concatenate([data, np.zeros((*data.shape[:-1], dims - data.shape[-1]), np.float32)], axis=-1)


