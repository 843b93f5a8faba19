"""Folders of numbered pictures -> videos at the rate at which they were filmed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from mmpt_sign.errors import DataError
from mmpt_sign.extraction.item import Extractor, Item, Made, Make
from mmpt_sign.video.stills import gaps, read_stills, stills
from mmpt_sign.video.write import Codec, write_video


@dataclass(frozen=True)
class GatheredFrames(Extractor):
    """Pictures carry no rate, so it must be told."""

    suffix: ClassVar[str] = ".mp4"

    fps: float
    codec: Codec = "h264"

    def options(self) -> dict[str, Any]:
        """Rate and codec."""
        return {"extractor": "gathered frames", "fps": self.fps, "codec": self.codec}

    def start(self) -> Make:
        """Nothing to load."""
        return self._gather

    def _gather(self, item: Item, path: Path) -> Made:
        paths = stills(item.source)
        if not paths:
            raise DataError(f"{item.source}: holds no pictures")
        missing = gaps(paths)
        count = write_video(path, read_stills(paths), self.fps, self.codec)
        return Made(count, f"{missing} pictures are missing between" if missing else "", {"fps": f"{self.fps:g}"})
