"""Whole recordings -> one small video per sentence, cut by time and by the box around the signer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError
from mmpt_sign.extraction.item import Extractor, Item, Made, Make
from mmpt_sign.features.pictures import rounded, stretched
from mmpt_sign.video.decode import Frames, cut, probe
from mmpt_sign.video.span import Span
from mmpt_sign.video.write import Codec, write_video

SHORTEST = 3  # frames; shorter ones are slips of the alignment


@dataclass(frozen=True)
class SentenceClips(Extractor):
    """As CiCo cuts How2Sign: both edges are included, the box is clipped by the picture, the result is a square."""

    suffix: ClassVar[str] = ".mp4"

    size: int | None = 256
    codec: Codec = "h264"
    boxes: str = ""

    def options(self) -> dict[str, Any]:
        """Size, codec, and which boxes (their signature)."""
        return {"extractor": "sentence clips", "size": self.size, "codec": self.codec, "boxes": self.boxes}

    def start(self) -> Make:
        """Nothing to load."""
        return self._cut

    def _cut(self, item: Item, path: Path) -> Made:
        fps = probe(item.source).fps
        first, last = floor((item.span.start or 0) * fps), ceil((item.span.end or 0) * fps)
        if last - first + 1 < SHORTEST:
            raise DataError(f"{item.source}: frames {first} to {last} are no sentence (at least {SHORTEST})")
        video = cut(item.source, Span(first, last + 1, "frames"))
        try:
            count = write_video(path, self._cropped(video, item), fps, self.codec)
        finally:
            video.close()
        return Made(count, "; ".join(video.remarks), {"fps": f"{fps:.6g}"})

    def _cropped(self, video: Frames, item: Item) -> Iterator[NDArray[np.uint8]]:
        box = [int(number) for number in item.columns.get("box", "").split()]
        for picture in video:
            if box:
                x, y, width, height = box
                picture = picture[y : y + height, x : x + width]
                if not picture.size:
                    raise DataError(f"{item.source}: the box {item.columns['box']} lies outside the picture")
            yield picture if self.size is None else rounded(stretched(picture, self.size, self.size))
