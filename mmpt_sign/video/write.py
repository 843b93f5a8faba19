"""Pictures -> a video file that every program plays."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError
from mmpt_sign.video.source import library

Codec = Literal["h264", "mpeg4"]
ENCODERS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "h264": (("libx264", "h264"), {"crf": "23"}),
    "mpeg4": (("mpeg4",), {"qscale": "3"}),
}


def write_video(path: Path, pictures: Iterable[NDArray[np.uint8]], fps: float, codec: Codec = "h264") -> int:
    """The number of frames written; colours are kept at half the resolution (yuv420p), so sizes are made even."""
    av = library()
    names, options = ENCODERS[codec]
    known = next((name for name in names if name in av.codecs_available), None)
    if known is None:
        raise DataError(f"this installation of FFmpeg cannot write {codec}; choose another codec")
    count = 0
    with av.open(str(path), "w", format="mp4") as container:
        stream: Any = None
        for picture in pictures:
            picture = picture[: len(picture) // 2 * 2, : picture.shape[1] // 2 * 2]
            if stream is None:
                stream = container.add_stream(known, rate=Fraction(fps).limit_denominator(1001), options=dict(options))
                stream.height, stream.width = picture.shape[:2]
                stream.pix_fmt = "yuv420p"
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
            for packet in stream.encode(frame):
                container.mux(packet)
            count += 1
        if stream is None:
            raise DataError(f"{path}: there are no pictures to write")
        for packet in stream.encode():
            container.mux(packet)
    return count
