"""Made videos whose pictures carry their own number, so that a test sees which frame it was given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from mmpt_sign.video.decode import Picture

BITS = 8
WIDTH, HEIGHT = 128, 64
MILLISECONDS = Fraction(1, 1000)


def numbered(number: int, width: int = WIDTH, height: int = HEIGHT) -> Picture:
    """Eight columns, white for the ones of the number; the top quarter is red, so that up can be told."""
    picture = np.zeros((height, width, 3), np.uint8)
    for bit, columns in enumerate(np.array_split(np.arange(width), BITS)):
        picture[:, columns] = 235 if number >> bit & 1 else 16
    picture[: height // 4] = (200, 30, 30)
    return picture


def number_of(picture: Picture) -> int:
    """The number in a picture that may have been compressed."""
    lower = picture[picture.shape[0] // 2 :].mean((0, 2))
    return sum(int(columns.mean() > 120) << bit for bit, columns in enumerate(np.array_split(lower, BITS)))


def numbers(pictures: Iterable[Picture]) -> list[int]:
    return [number_of(picture) for picture in pictures]


def top_is_red(picture: Picture) -> bool:
    top = picture[: picture.shape[0] // 8].mean((0, 1))
    return bool(top[0] > top[1] + 80)


def make_video(
    path: Path,
    count: int = 30,
    fps: int = 10,
    *,
    codec: str = "mpeg4",
    pixels: str = "yuv420p",
    width: int = WIDTH,
    height: int = HEIGHT,
    times: Sequence[int] | None = None,
    rotation: int = 0,
    options: dict[str, str] | None = None,
    movable: bool = False,
) -> Path:
    """Frames 0, 1, 2, …; ``times`` in milliseconds make the rate vary."""
    with av.open(str(path), "w", options={"movflags": "faststart"} if movable else {}) as container:
        stream: Any = container.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, pixels
        stream.options = options or {}
        if times is not None:
            stream.codec_context.time_base = MILLISECONDS
        if rotation:
            stream.set_display_rotation(rotation)
        for number in range(count if times is None else len(times)):
            frame = av.VideoFrame.from_ndarray(numbered(number, width, height), format="rgb24")
            if times is not None:
                frame.pts, frame.time_base = times[number], MILLISECONDS
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def make_sound(path: Path, seconds: float = 1.0) -> Path:
    """A file with sound and no picture."""
    rate = 16000
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("aac", rate=rate)
        stream.layout = "mono"
        wave = np.sin(np.arange(int(rate * seconds)) / 20).astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
