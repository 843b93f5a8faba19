"""Folders of numbered pictures, one per frame, as corpora hand out their videos."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError
from mmpt_sign.video.source import LIMITS, Limits, check_size, library

SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".bmp", ".webp"))
FORMATS = "png_pipe,jpeg_pipe,bmp_pipe,webp_pipe"
NUMBER = re.compile(r"(\d+)\D*\Z")


def stills(folder: Path) -> list[Path]:
    """The pictures of a folder in the order of the last number in their names, which need not have equal digits."""
    found = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and not path.name.startswith(".")]
    return sorted(found, key=lambda path: (_number(path), path.name))


def holds_stills(path: Path) -> bool:
    """A folder with pictures in it."""
    if not path.is_dir():
        return False
    return any(one.suffix.lower() in SUFFIXES for one in path.iterdir())


def gaps(paths: list[Path]) -> int:
    """How many numbers are left out between the first picture and the last."""
    numbers = {_number(path) for path in paths}
    return max(numbers) - min(numbers) + 1 - len(numbers) if numbers else 0


def read_stills(paths: list[Path], limits: Limits = LIMITS) -> Iterator[NDArray[np.uint8]]:
    """The pictures as RGB; all have the size of the first."""
    shape: tuple[int, ...] | None = None
    for path in paths:
        picture = _picture(path, limits)
        if shape is not None and picture.shape != shape:
            raise DataError(f"{path}: is {picture.shape[1]} x {picture.shape[0]}, the first {shape[1]} x {shape[0]}")
        shape = picture.shape
        yield picture


def _picture(path: Path, limits: Limits) -> NDArray[np.uint8]:
    av = library()
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS, "max_pixels": str(limits.pixels)}
    try:
        with av.open(f"file:{path.resolve()}", mode="r", options=options) as container:
            stream = container.streams.video[0]
            check_size(stream.codec_context.width, stream.codec_context.height, path, limits)
            picture: NDArray[np.uint8] = next(container.decode(stream)).to_ndarray(format="rgb24")
    except (av.error.FFmpegError, ValueError, IndexError, StopIteration) as error:
        raise DataError(f"{path}: cannot be read as a picture ({error})") from error
    return picture


def _number(path: Path) -> int:
    found = NUMBER.search(path.stem)
    return int(found[1]) if found else -1
