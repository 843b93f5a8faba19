"""A piece of a video as a clip of pictures, for networks that are trained on pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmpt_sign.errors import DataError
from mmpt_sign.features.pictures import rounded, stretched
from mmpt_sign.poses.arrays import feature_clip
from mmpt_sign.poses.clip import Clip
from mmpt_sign.video.decode import cut
from mmpt_sign.video.span import Span

if TYPE_CHECKING:
    from mmpt_sign.records import Source

SIDE = 256  # pixels of a picture, whatever its aspect ratio was
NUMBERS = SIDE * SIDE * 3
MOST = 512  # frames; a clip of pictures is a single sign, a whole video would take gigabytes


def read_film(source: Source) -> Clip:
    """(T, 1, 256 * 256 * 3) of colours 0 … 255, cut by the frames of the source."""
    span = Span(source.start, source.end, "frames")
    pictures = cut(source.path, span)
    try:
        seen = []
        for picture in pictures:
            seen.append(rounded(stretched(picture, SIDE, SIDE)))
            if len(seen) > MOST:
                raise DataError(f"{source.path}: more than {MOST} frames are no single sign; name its span")
    finally:
        pictures.close()
    return feature_clip(np.stack(seen).reshape(len(seen), -1).astype(np.float32), pictures.fps)
