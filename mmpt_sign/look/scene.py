"""What is drawn at a moment: panels side by side on one timeline in seconds, each with its own rate and frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError
from mmpt_sign.look.limbs import Limb, drawn_as, limbs, side_of
from mmpt_sign.poses.arrays import FEATURE_LAYOUT
from mmpt_sign.poses.clip import Clip, FloatArray, Layout
from mmpt_sign.poses.names import BODY, LEGS, WORLD

Picture = NDArray[np.uint8]
MARGIN = 0.06  # of the larger side of what is seen
OUTLIERS = 0.5  # percent of the points that may lie outside of the picture at either side
NARROWEST, WIDEST = 0.6, 1.8
SLOWEST, FASTEST = 0.01, 1000.0  # frames per second that files of pictures can hold
MOST_FRAMES = 100_000  # an hour at 25 frames per second


@dataclass(frozen=True, slots=True)
class View:
    """The part of the plane that fills a panel."""

    left: float
    top: float
    width: float
    height: float

    @property
    def aspect(self) -> float:
        """Width over height."""
        return self.width / self.height


@dataclass(frozen=True)
class PosePanel:
    """A clip that is drawn as a figure."""

    title: str
    clip: Clip

    @property
    def fps(self) -> float:
        """Frames per second."""
        return self.clip.fps

    @property
    def seconds(self) -> float:
        """Duration."""
        return len(self) / self.fps

    def __len__(self) -> int:
        return len(self.clip)

    @cached_property
    def limbs(self) -> tuple[Limb, ...]:
        """Lines between points."""
        return limbs(self.clip.layout.points)

    @cached_property
    def drawn(self) -> tuple[int, ...]:
        """Indices of the points that are drawn: all but MediaPipe's world landmarks, which repeat the body."""
        names = self.clip.layout.points
        return tuple(i for i, name in enumerate(names) if not name.startswith(f"{WORLD}."))

    @cached_property
    def view(self) -> View:
        """Where the clip happens; legs do not count where there is anything else."""
        chosen = _without_legs(self.clip.layout, self.drawn)
        seen = self.clip.confidence[:, chosen] > 0
        points = self.clip.data[:, chosen, :2][seen]
        if not len(points):
            return View(0.0, 0.0, 1.0, 1.0)
        low, high = np.percentile(points, [OUTLIERS, 100 - OUTLIERS], axis=0).astype(float)
        size = np.maximum(high - low, 1e-3 * max(*(high - low), 1e-6)) + 2 * MARGIN * max(high - low)
        width = min(max(size[0], NARROWEST * size[1]), 1e9)
        height = max(size[1], width / WIDEST)
        centre = (low + high) / 2
        return View(float(centre[0] - width / 2), float(centre[1] - height / 2), float(width), float(height))


@dataclass(frozen=True)
class VideoPanel:
    """Frames of a video, already of the panel's size."""

    title: str
    pictures: Sequence[Picture]
    fps: float

    def __len__(self) -> int:
        return len(self.pictures)

    @property
    def view(self) -> View:
        """The whole picture."""
        height, width = self.pictures[0].shape[:2]
        return View(0.0, 0.0, float(width), float(height))


Panel = PosePanel | VideoPanel


@dataclass(frozen=True)
class Scene:
    """Panels that run together; the first one gives the rate."""

    panels: tuple[Panel, ...]

    def __post_init__(self) -> None:
        for panel in self.panels:
            if isinstance(panel, PosePanel) and panel.clip.layout.points == FEATURE_LAYOUT.points:
                raise DataError(f"{panel.title}: holds features, not points, so there is nothing to draw")
            if not SLOWEST <= panel.fps <= FASTEST:
                raise DataError(
                    f"{panel.title}: cannot be drawn at {panel.fps:g} frames per second ({SLOWEST:g} to {FASTEST:g} "
                    "can); its file must tell the true rate"
                )
        if len(self) > MOST_FRAMES:
            raise DataError(
                f"{self.seconds:.0f} seconds at the {self.fps:g} frames per second of '{self.panels[0].title}' are "
                f"{len(self)} frames, at most {MOST_FRAMES} can be drawn; cut the longest, or name a slower one first"
            )

    @property
    def fps(self) -> float:
        """Rate of the first panel."""
        return self.panels[0].fps

    @property
    def seconds(self) -> float:
        """Until the last panel ends."""
        return max(len(panel) / panel.fps for panel in self.panels)

    def __len__(self) -> int:
        return max(1, round(self.seconds * self.fps))

    def frames_at(self, number: int) -> list[int]:
        """The frame that each panel shows when the scene shows ``number``; a panel that is over keeps its last one."""
        time = number / self.fps
        return [min(int(time * panel.fps + 1e-6), len(panel) - 1) for panel in self.panels]


def colour_key(layout: Layout, index: int) -> str:
    """The name by which a point is coloured: ``left_hand``, ``face``, ``body_left`` and so on."""
    return colour_key_of(drawn_as(layout.points[index]), side_of(layout.points[index]))


def colour_key_of(part: str, side: str) -> str:
    """Body by side, everything else by part."""
    return f"{part}_{side}" if part in ("body", "other") and side != "middle" else part


def projected(panel: PosePanel, size: tuple[int, int]) -> FloatArray:
    """(T, V, 2) places in a picture of that width and height."""
    view = panel.view
    scale = min(size[0] / view.width, size[1] / view.height)
    centre = np.array([view.left + view.width / 2, view.top + view.height / 2], np.float32)
    places: FloatArray = (panel.clip.data[..., :2] - centre) * np.float32(scale) + np.array(size, np.float32) / 2
    return places


def _without_legs(layout: Layout, drawn: Sequence[int]) -> list[int]:
    legs = {f"{BODY}.{leg}" for leg in LEGS}
    return [index for index in drawn if layout.points[index] not in legs] or list(drawn)
