"""The pose stream: points of a clip -> what the encoder reads, one path for training, prediction and use."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field, field_validator, model_validator

from mmpt_sign.config.contracts import Stream
from mmpt_sign.config.named import AugmentationPart
from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.poses.anonymise import anonymised
from mmpt_sign.poses.clip import Clip, FloatArray, Layout
from mmpt_sign.poses.describe import describe, hands_of, width
from mmpt_sign.poses.flip import has_constant_right_hand, mirror
from mmpt_sign.poses.means import PointMeans, read_means
from mmpt_sign.poses.names import mirrored
from mmpt_sign.poses.normalise import anchors, in_one_unit, normalised, only_confident, without_legs
from mmpt_sign.poses.resample import at_most, at_rate
from mmpt_sign.poses.select import frames_with_hands, is_left_handed, point_names
from mmpt_sign.streams._augment import named
from mmpt_sign.text.weights import data_root_or_environment

Block = Literal[
    "coordinates", "body", "seen", "shape", "turned_shape", "change", "tips", "path", "velocity", "presence"
]
Way = Literal["shoulders", "shoulders_and_wrists", "hands", "wrist", "wrist_per_frame", "hand_plane", "spread", "none"]
Points = tuple[str, ...]


class Pose(Stream):
    """Selection, normalisation, augmentation and description of points.

    Normalisation looks at the whole body (a selected hand is placed and scaled by the shoulders), so its outcome is
    that of normalising first and selecting afterwards, whatever is selected.
    """

    reads_poses: ClassVar[bool] = True

    kind: Literal["pose"] = "pose"
    points: str | Points = Field("reduced_face", description="a named selection, or components and points")
    dims: Literal[2, 3] = Field(3, description="2 leaves depth out; clips without depth get zeros")
    normalise: Way = "shoulders"
    z: Literal["scaled", "raw"] = Field(
        "scaled", description="bring depth to the unit of x and y, or leave it as it is"
    )
    hide_legs: bool = Field(True, description="treat knees and feet as missing")
    flip: Literal["never", "left_handed", "zero_variance_unmasked"] = Field(
        "never",
        description="mirror clips whose left hand is seen more, or else moves more (so does points: dominant_hand), or "
        "those that the original mirrors",
    )
    anonymise: bool | Literal["first_frame"] = Field(
        False, description="replace the signer's build by the mean signer's; first_frame: as the original does"
    )
    standardise: PointMeans | Path | None = Field(
        None, description="bring every point to mean 0 and deviation 1 by a table, as 'mmpt-sign data means' writes it"
    )
    min_confidence: float = Field(0.0, ge=0, le=1, description="points that are less sure are missing")
    drop_empty: bool | Literal["ends"] = Field(
        False, description="leave out frames in which no hand is seen, everywhere or at both ends"
    )
    fps: float | None = Field(None, gt=0, description="bring every clip to this frame rate")
    stride: int = Field(1, ge=1, description="keep every n-th frame")
    missing: Literal["zero", "flag"] = Field("zero", description="flag adds one number per point: is it seen")
    features: tuple[Block, ...] = Field(("coordinates",), min_length=1, description="blocks of numbers, side by side")
    thin_to: int | None = Field(None, ge=1, description="a longer clip is thinned evenly to so many frames")
    augment: dict[str, AugmentationPart] = Field(default_factory=dict, description="applied in this order, in training")
    point_names: Points | None = Field(None, description="the points spelled out; set from the training data")

    @model_validator(mode="before")
    @classmethod
    def _earlier_keys(cls, value: Any) -> Any:
        """``dominant: true``, as models of before ``flip`` have it."""
        if not isinstance(value, dict) or not isinstance(value.get("dominant"), bool):
            return value
        rest = {key: given for key, given in value.items() if key != "dominant"}
        return {"flip": "left_handed", **rest} if value["dominant"] else rest

    @field_validator("augment", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        return named(value)

    @field_validator("features", "points", mode="before")
    @classmethod
    def _listed(cls, value: Any, info: Any) -> Any:
        if info.field_name == "features" and isinstance(value, str):
            return ("shape", "path", "velocity", "presence") if value == "hand_shape" else (value,)
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _fits(self) -> Pose:
        if self.normalise == "hand_plane" and self.dims != 3:
            raise ValueError("normalise: hand_plane needs dims: 3")
        return self

    def fixed_to(self, layout: Layout) -> Pose:
        """With the points that these data have, by name."""
        if self.point_names is not None:
            return self
        chosen = point_names(self.points, layout)
        fixed = self.model_copy(update={"point_names": chosen, "standardise": self._means(chosen)})
        if fixed.width == 0:
            raise ConfigError(
                f"the features {', '.join(self.features)} are of hands, and the points have no whole hand"
            )
        if self.normalise == "hand_plane" and not hands_of(Layout(fixed.point_names or ())):
            raise ConfigError("normalise: hand_plane needs a whole hand among the points")
        return fixed

    @property
    def width(self) -> int:
        """D of a frame."""
        if self.point_names is None:
            raise ConfigError("the pose stream does not know its points yet; fix it to the layout of some data first")
        return width(self.point_names, self.dims, self._blocks)

    @property
    def _blocks(self) -> tuple[str, ...]:
        return (*self.features, "seen") if self.missing == "flag" else self.features

    def prepare(self, clip: Clip) -> Clip:
        """Selected and normalised: what is the same in every epoch."""
        chosen = self.point_names or point_names(self.points, clip.layout)
        if not any(name in clip.layout.position for name in chosen):
            raise DataError(
                f"the clip has none of the model's points; its components: {', '.join(clip.layout.components)}"
            )
        is_mirrored = self.is_mirrored(clip)
        clip = clip.take(_looked_at(chosen, self.normalise, self._mirrors, bool(self.anonymise)))
        if self.min_confidence:
            clip = only_confident(clip, self.min_confidence)
        clip = self._in_unit(mirror(clip) if is_mirrored else clip)
        if self.anonymise:
            clip = anonymised(clip, "seen" if self.anonymise is True else "clip", one_unit=self.z == "scaled")
        clip = normalised(clip, self.normalise).take(chosen)
        means = self._means(chosen)
        clip = clip if means is None else means.standardised(clip)
        return self._shortened(without_legs(clip) if self.hide_legs else clip)

    def _means(self, chosen: Points) -> PointMeans | None:
        if not isinstance(self.standardise, Path):
            return self.standardise
        root = data_root_or_environment(None)
        inside = [] if root is None else [root / self.standardise]
        found = next((path for path in (*inside, self.standardise) if path.is_file()), self.standardise)
        return read_means(found).of(chosen)

    @property
    def _mirrors(self) -> bool:
        return self.flip != "never" or self.points == "dominant_hand"

    def is_mirrored(self, clip: Clip) -> bool:
        """Whether `prepare` mirrors this clip."""
        if self.flip == "zero_variance_unmasked":
            return has_constant_right_hand(clip)
        return self._mirrors and is_left_handed(clip)

    def _in_unit(self, clip: Clip) -> Clip:
        if clip.data.shape[-1] != self.dims:
            clip = clip.with_data(_with_dims(clip.data, self.dims))
        return in_one_unit(clip) if self.z == "scaled" and self.dims == 3 else clip

    def _shortened(self, clip: Clip) -> Clip:
        if self.fps is not None and clip.fps > 0:
            clip = at_rate(clip, self.fps)
        if self.stride > 1:
            clip = clip.with_data(clip.data[:: self.stride], clip.confidence[:: self.stride])
        return frames_with_hands(clip, only_ends=self.drop_empty == "ends") if self.drop_empty else clip

    def frame_numbers(self, clip: Clip) -> FloatArray:
        """Frames without hands, which may be left out, are looked for as `prepare` does it."""
        clock = clip.take(self.point_names or point_names(self.points, clip.layout))
        if self.min_confidence:
            clock = only_confident(clock, self.min_confidence)
        numbers = np.broadcast_to(np.arange(len(clip), dtype=np.float32)[:, None, None], clock.data.shape)
        clock = self._shortened(clock.with_data(numbers.copy(), clock.confidence))
        clock = self.augmented(clock.with_data(clock.data, np.ones_like(clock.confidence)))
        shown: FloatArray = clock.data[..., 0].mean(1)
        return shown

    def encode(self, clip: Clip, rng: np.random.Generator | None = None) -> FloatArray:
        """(T, D) frames of a prepared clip; with ``rng`` it is augmented first."""
        clip = self.augmented(clip, rng)
        return np.nan_to_num(describe(clip, self._blocks), nan=0.0, posinf=0.0, neginf=0.0)

    def augmented(self, clip: Clip, rng: np.random.Generator | None = None) -> Clip:
        """A prepared clip as it is described: augmented where there is ``rng``, and thinned."""
        if rng is not None:
            for part in self.augment.values():
                clip = part(clip, rng)
        return at_most(clip, self.thin_to)


@lru_cache(maxsize=64)
def _looked_at(chosen: Points, how: str, mirrors: bool, anonymises: bool = False) -> Points:
    """The chosen points and those that placing, scaling, mirroring and anonymising them needs."""
    wanted = dict.fromkeys((*chosen, *anchors(how), *(anchors("shoulders") if anonymises else ())))
    return (*wanted, *(other for other in map(mirrored, wanted) if other not in wanted)) if mirrors else tuple(wanted)


def _with_dims(data: FloatArray, dims: int) -> FloatArray:
    """Depth dropped, or added as zeros."""
    if data.shape[-1] > dims:
        return data[..., :dims]
    return np.concatenate([data, np.zeros((*data.shape[:-1], dims - data.shape[-1]), np.float32)], axis=-1)
