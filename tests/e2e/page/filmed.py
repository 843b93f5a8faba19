"""Real clips in the forms in which a browser takes them: as what its camera sees, and as a file that it can play."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, RATE = 640, 360, 15


def as_camera(video: Path, made: Path) -> Path:
    """Raw pictures (y4m), which Chromium's fake camera repeats without end."""
    with made.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420mpeg2\n".encode())
        for picture in pictures(video):
            file.write(b"FRAME\n" + picture.to_ndarray().tobytes())
    return made


def as_file(video: Path, made: Path, frames: int) -> Path:
    """The beginning as VP8, which every Chromium plays."""
    import av

    with av.open(str(made), "w", format="webm") as container:
        stream: Any = container.add_stream("libvpx", rate=RATE)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = WIDTH, HEIGHT, "yuv420p", 2_000_000
        for number, picture in enumerate(islice(pictures(video), frames)):
            picture.pts, picture.time_base = number, Fraction(1, RATE)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return made


def pictures(video: Path) -> Iterator[Any]:
    """Frames of the size above."""
    import av

    with av.open(str(video)) as container:
        for picture in container.decode(video=0):
            yield picture.reformat(WIDTH, HEIGHT, format="yuv420p")
