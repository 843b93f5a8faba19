"""The 49 points that a graph network reads: left hand, right hand and arms, each in a frame of its own (SEDS).

Windows are cut by the front end, which follows from the number of frames alone where they are; here frames stay frames,
so that augmentation, stores and other front ends work as for any other stream of points.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from mmpt_sign.config.contracts import Stream
from mmpt_sign.config.named import AugmentationPart
from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.poses.clip import Clip, FloatArray, Layout, layout_of
from mmpt_sign.poses.hand_box import Boxes, BoxRule, Numbers, hand_boxes
from mmpt_sign.poses.names import BODY, HAND_POINTS, LEFT_HAND, RIGHT_HAND
from mmpt_sign.poses.normalise import normalised
from mmpt_sign.poses.resample import at_most
from mmpt_sign.streams._augment import named

ARMS = ("NOSE", "LEFT_SHOULDER", "LEFT_ELBOW", "LEFT_WRIST", "RIGHT_SHOULDER", "RIGHT_ELBOW", "RIGHT_WRIST")
POINTS = layout_of(
    (
        *(f"{LEFT_HAND}.{point}" for point in HAND_POINTS),
        *(f"{RIGHT_HAND}.{point}" for point in HAND_POINTS),
        *(f"{BODY}.{point}" for point in ARMS),
    )
)
LEFT, RIGHT, TRUNK = slice(0, 21), slice(21, 42), slice(42, 49)
HANDS = ((LEFT, True), (RIGHT, False))
LEFT_ARM, RIGHT_ARM = slice(43, 46), slice(46, 49)
WRISTS = ((45, 0), (48, 21))  # of the arm, of the hand
MARKS = {  # points that only one estimator writes
    "mediapipe": (f"{BODY}.LEFT_PINKY", f"{BODY}.LEFT_EYE_INNER", "FACE_LANDMARKS.0"),
    "rtmpose": ("BODY.left_small_toe", "FACE.face-0"),
}
Pixels = Annotated[float, Field(gt=1)]
RAW_SIZE = 256
LONG = 300


class PoseWindows(Stream):
    """Frames of 49 points, for the front end ``stgcn_windows``.

    Every hand is centred and scaled by a box around it, the arms by the shoulders, the left hand is mirrored, and what
    is missing is zero with a flag beside it.  Released weights read something else, each of which is a switch of its
    own: ``raw_256``, ``zero_is_missing``, ``drop_handless``, ``pose_decimate_300``, with ``channels: xy``.
    """

    reads_poses: ClassVar[bool] = True

    kind: Literal["pose_windows"] = "pose_windows"
    max_frames: int = Field(2048, ge=1, description="frames of a clip that are read; windows are thinned behind them")
    thin_to: int | None = Field(None, ge=1, description="a longer clip is thinned evenly to so many frames")
    long_clips: Literal["window", "truncate"] = "truncate"
    points: Literal["any49", "rtm49", "mediapipe49"] = Field(
        "any49", description="whose 49 points these are; another estimator's are refused; set from the training data"
    )
    channels: Literal["xy", "seen", "confidence"] = Field("seen", description="what stands beside x and y of a point")
    box: BoxRule = BoxRule()
    picture: tuple[Pixels, Pixels] | None = Field(None, description="width and height; needed by raw_256")
    drop_below: float = Field(0.4, ge=0, le=1, description="points of hands that are not surer than this are missing")
    mirror_left: bool = Field(True, description="show the left hand as a right one")
    raw_256: bool = Field(
        False, description="coordinates from 0 to 256 in the box or picture, neither centred nor scaled"
    )
    zero_is_missing: bool = Field(False, description="what leaves 0 … 255 counts as missing, mirrored left points too")
    drop_handless: bool = Field(False, description="leave out frames in which no hand has a box")
    pose_decimate_300: bool = Field(False, description="of more than 300 frames keep every second, third, …")
    augment: dict[str, AugmentationPart] = Field(default_factory=dict, description="applied in this order, in training")

    @field_validator("augment", mode="before")
    @classmethod
    def _named(cls, value: Any) -> Any:
        return named(value)

    @model_validator(mode="after")
    def _fits(self) -> PoseWindows:
        if self.raw_256 and self.picture is None:
            raise ValueError("raw_256 needs the size of the picture: picture: [210, 260]")
        if self.zero_is_missing and not self.raw_256:
            raise ValueError("zero_is_missing is about coordinates of raw_256")
        return self

    def fixed_to(self, layout: Layout) -> PoseWindows:
        """With the estimator that these data show, where they show one."""
        shown = _estimator(layout)
        if self.points != "any49" or shown is None:
            return self
        return self.model_copy(update={"points": "rtm49" if shown == "rtmpose" else "mediapipe49"})

    @property
    def width(self) -> int:
        """D of a frame."""
        return len(POINTS) * (2 if self.channels == "xy" else 3)

    def prepare(self, clip: Clip) -> Clip:
        """The 49 points, each part in its own frame."""
        self._check(clip.layout)
        clip = clip.take(POINTS.points)
        clip = clip.with_data(np.ascontiguousarray(clip.data[..., :2]))
        if self.pose_decimate_300 and len(clip) > LONG:
            step = -(-len(clip) // LONG)
            clip = clip.with_data(clip.data[::step], clip.confidence[::step])
        boxes = [self._boxes(clip, LEFT, LEFT_ARM), self._boxes(clip, RIGHT, RIGHT_ARM)]
        placed = self._raw(clip, boxes) if self.raw_256 else self._centred(clip, boxes)
        kept = boxes[0].is_there | boxes[1].is_there
        if self.drop_handless and kept.any():
            placed = placed.with_data(placed.data[kept], placed.confidence[kept])
        return placed

    def encode(self, clip: Clip, rng: np.random.Generator | None = None) -> FloatArray:
        """(T, D): the numbers of a point side by side, points in the order of `POINTS`."""
        if rng is not None:
            for part in self.augment.values():
                clip = part(clip, rng)
        clip = at_most(clip, self.thin_to)
        if self.channels == "xy":
            return clip.data.reshape(len(clip), -1)
        beside = clip.confidence if self.channels == "confidence" else (clip.confidence > 0).astype(np.float32)
        frames: FloatArray = np.concatenate([clip.data, beside[..., None]], -1).reshape(len(clip), -1)
        return frames

    def _check(self, layout: Layout) -> None:
        shown = _estimator(layout)
        wanted = {"rtm49": "rtmpose", "mediapipe49": "mediapipe"}.get(self.points)
        if wanted is not None and shown is not None and shown != wanted:
            raise DataError(
                f"the model reads points of {wanted}, the clip has those of {shown}: extract it again with "
                f"'mmpt-sign extract poses --format {wanted}'"
            )
        if not any(name in layout.position for name in POINTS.points[:42]):
            raise DataError(f"the clip has no points of hands; its components: {', '.join(layout.components)}")

    def _boxes(self, clip: Clip, hand: slice, arm: slice) -> Boxes:
        sides = (clip.data[:, hand], clip.confidence[:, hand], clip.data[:, arm], clip.confidence[:, arm])
        return hand_boxes(*sides, self.box, self.picture if self.raw_256 else None)

    def _raw(self, clip: Clip, boxes: list[Boxes]) -> Clip:
        """0 to 256 in the box of a hand, and in the whole picture for the arms."""
        if self.picture is None:
            raise ConfigError("raw_256 needs the size of the picture")
        data, confidence = clip.data.astype(np.float64), clip.confidence.copy()
        for (hand, is_left), box in zip(HANDS, boxes, strict=True):
            seen = (confidence[:, hand] > self.drop_below) & box.is_there[:, None]
            points = np.where(seen[..., None], data[:, hand], 0)
            points = (points - box.corner[:, None]) / box.side[:, None, None] * RAW_SIZE
            data[:, hand], confidence[:, hand] = self._inside(points, seen, confidence[:, hand], is_left)
            data[:, hand] *= box.is_there[:, None, None]
        data[:, TRUNK] *= RAW_SIZE / np.asarray(self.picture)
        return Clip(data.astype(np.float32), confidence, POINTS, clip.fps)

    def _inside(
        self, points: Numbers, seen: NDArray[np.bool_], confidence: FloatArray, is_left: bool
    ) -> tuple[Numbers, FloatArray]:
        """Mirrored where wanted; what is missing is zero, by its flag or, as released, by where it lies."""
        mirrors = is_left and self.mirror_left
        if not self.zero_is_missing:
            if mirrors:
                points[..., 0] = RAW_SIZE - points[..., 0]
            return np.where(seen[..., None], points, 0), confidence * seen
        points = np.maximum(points, 0)
        if mirrors:
            points[..., 0] = RAW_SIZE - points[..., 0]
            points = np.where(points < RAW_SIZE - 1, points, 0)
        return points, confidence * points.any(-1)

    def _centred(self, clip: Clip, boxes: list[Boxes]) -> Clip:
        """Hands from the middle of their boxes in half sides, arms from between the shoulders in their distance."""
        data, confidence = clip.data.copy(), clip.confidence.copy()
        for wrist, palm in WRISTS:  # clips of hands alone still show where the hands are
            alone = confidence[:, wrist] == 0
            data[alone, wrist], confidence[alone, wrist] = data[alone, palm], confidence[alone, palm]
        whole = normalised(Clip(data, confidence, POINTS, clip.fps), "shoulders")
        placed, seen = whole.data.copy(), whole.confidence.copy()
        for (hand, is_left), box in zip(HANDS, boxes, strict=True):
            seen[:, hand] *= (seen[:, hand] > self.drop_below) & box.is_there[:, None]
            half = (box.side / 2)[:, None, None]
            points = (clip.data[:, hand] - box.corner[:, None] - half) / half
            if is_left and self.mirror_left:
                points[..., 0] *= -1
            placed[:, hand] = np.where(seen[:, hand, None] > 0, points, 0)
        return Clip(placed, seen, POINTS, clip.fps)


def _estimator(layout: Layout) -> str | None:
    """Which estimator wrote a file with these points, where it shows."""
    return next((name for name, marks in MARKS.items() if any(mark in layout.position for mark in marks)), None)
