"""Scenes as pictures: figures drawn large and made smaller, which smooths every line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mmpt_sign.errors import NotInstalledError
from mmpt_sign.look.scene import Panel, Picture, PosePanel, Scene, colour_key, colour_key_of, projected

LARGER = 2  # drawn so many times as large as shown
TITLE, GAP, CLOCK = 24, 8, 48
COLOURS = {
    "body": (96, 103, 110), "body_left": (214, 140, 84), "body_right": (92, 140, 190), "face": (138, 143, 149),
    "left_hand": (205, 78, 20), "right_hand": (20, 92, 165), "other": (150, 110, 160),
}  # fmt: skip
GROUND, INK, QUIET = (255, 255, 255), (30, 32, 34), (238, 239, 241)
APART, RULE = 6, (150, 155, 160)  # between the pictures of a sheet
FAINT = 0.35  # how much of its colour the least confident point keeps


def pillow() -> Any:
    """The library of pictures."""
    try:
        import PIL.Image
        import PIL.ImageDraw
    except ImportError as error:
        raise NotInstalledError("Pillow", "plot") from error
    return PIL


def colour_of(key: str) -> tuple[int, int, int]:
    """The colour of a part, by its key."""
    return COLOURS.get(key, COLOURS.get(key.partition("_")[0], COLOURS["other"]))


@dataclass(frozen=True)
class Drawing:
    """Draws the frames of a scene, ``height`` pixels high without the titles."""

    scene: Scene
    height: int = 360

    def __iter__(self) -> Iterator[Picture]:
        return (self.picture(number) for number in range(len(self.scene)))

    def picture(self, number: int) -> Picture:
        """All panels at one moment, (H, W, 3); both sides are even, as video encoders want it."""
        image = pillow().Image.new("RGB", self.size, QUIET)
        pen = pillow().ImageDraw.Draw(image)
        clock = f"{number / self.scene.fps:.2f} s"
        left = 0
        for place, (panel, frame) in enumerate(zip(self.scene.panels, self.scene.frames_at(number), strict=True)):
            image.paste(self._panel(place, panel, frame), (left, TITLE))
            room = self.widths[place] - (CLOCK if place == len(self.widths) - 1 else 0)
            pen.text((left + 6, 5), _short(panel.title, room), fill=INK)
            left += self.widths[place] + GAP
        pen.text((self.size[0] - 6, 5), clock, fill=INK, anchor="ra")
        return np.asarray(image)

    @cached_property
    def widths(self) -> list[int]:
        """Of each panel."""
        return [max(2, round(self.height * panel.view.aspect)) for panel in self.scene.panels]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the whole picture."""
        width, height = sum(self.widths) + GAP * (len(self.widths) - 1), self.height + TITLE
        return width + width % 2, height + height % 2

    def _panel(self, place: int, panel: Panel, frame: int) -> Any:
        size = (self.widths[place], self.height)
        if isinstance(panel, PosePanel):
            return self._figure(place, panel, frame).resize(size, pillow().Image.Resampling.BOX)
        return pillow().Image.fromarray(panel.pictures[frame]).resize(size, pillow().Image.Resampling.BILINEAR)

    def _figure(self, place: int, panel: PosePanel, frame: int) -> Any:
        size = (self.widths[place] * LARGER, self.height * LARGER)
        image = pillow().Image.new("RGB", size, GROUND)
        pen = pillow().ImageDraw.Draw(image)
        unit = self.height * LARGER / 360
        points, confidence = self._places[place][frame].tolist(), panel.clip.confidence[frame].tolist()
        for limb in panel.limbs:
            sure = min(confidence[limb.start], confidence[limb.end])
            if sure > 0:
                width = max(1, round(unit * (1.0 if limb.part == "face" else 3.0 if limb.part == "body" else 2.0)))
                colour = _blended(colour_of(colour_key_of(limb.part, limb.side)), sure)
                pen.line([tuple(points[limb.start]), tuple(points[limb.end])], fill=colour, width=width)
        for index in panel.drawn:
            if confidence[index] > 0:
                key = colour_key(panel.clip.layout, index)
                radius = unit * (0.7 if key == "face" else 1.8)
                x, y = points[index]
                pen.ellipse([x - radius, y - radius, x + radius, y + radius], fill=_blended(colour_of(key), sure=1.0))
        return image

    @cached_property
    def _places(self) -> list[Any]:
        """Points of each figure in pixels of the large picture."""
        return [
            projected(panel, (width * LARGER, self.height * LARGER)) if isinstance(panel, PosePanel) else None
            for panel, width in zip(self.scene.panels, self.widths, strict=True)
        ]


def sheet(drawing: Drawing, pictures: int = 12, columns: int = 4) -> Picture:
    """Moments of the scene, evenly chosen, in rows."""
    count = min(pictures, len(drawing.scene))
    moments = np.linspace(0, len(drawing.scene) - 1, count).round().astype(int)
    tiles = [drawing.picture(int(number)) for number in moments]
    columns = min(columns, count)
    rows = -(-count // columns)
    height, width = tiles[0].shape[:2]
    paper = np.full((rows * (height + APART) + APART, columns * (width + APART) + APART, 3), RULE, np.uint8)
    for place, tile in enumerate(tiles):
        top, left = (place // columns) * (height + APART) + APART, (place % columns) * (width + APART) + APART
        paper[top : top + height, left : left + width] = tile
    return paper


def _blended(colour: tuple[int, int, int], sure: float) -> tuple[int, int, int]:
    """Paler where the estimator was less sure."""
    kept = FAINT + (1 - FAINT) * min(sure, 1.0)
    red, green, blue = (round(kept * own + (1 - kept) * ground) for own, ground in zip(colour, GROUND, strict=True))
    return red, green, blue


def _short(title: str, width: int) -> str:
    room = max(4, width // 6)
    return title if len(title) <= room else title[: room - 1] + "…"
