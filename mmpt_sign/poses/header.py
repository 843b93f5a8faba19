"""The header of a ``.pose`` file, checked against the file's size before anything is allocated for it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

MAX_COMPONENTS, MAX_POINTS, MAX_PEOPLE, MAX_FRAMES = 64, 20_000, 64, 10_000_000
VERSIONS = (0.0, 0.1, 0.2)


@dataclass(frozen=True)
class Header:
    """What the bytes claim, after checking that they can be true."""

    version: float
    points: int
    dims: int
    frames: int
    people: int
    fps: float


class Cursor:
    """Reads little-endian values and refuses to run off the end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, kind: str) -> tuple[int | float, ...]:
        """Values of a struct format."""
        size = struct.calcsize("<" + kind)
        if self.at + size > len(self.data):
            raise ValueError("the header is cut off")
        values = struct.unpack_from("<" + kind, self.data, self.at)
        self.at += size
        return values

    def skip(self, size: int) -> None:
        """Leave out ``size`` bytes."""
        if self.at + size > len(self.data):
            raise ValueError("the header is cut off")
        self.at += size

    def text(self) -> str:
        """A string with its length in front."""
        (size,) = self.take("H")
        start = self.at
        self.skip(int(size))
        return self.data[start : self.at].decode("utf-8", errors="replace")


def check_header(data: bytes, total: int | None = None) -> Header:
    """Parse the header of ``data`` (the file's beginning; ``total`` is the file's size); `ValueError` says what is wrong."""
    cursor = Cursor(data)
    total = len(data) if total is None else total
    version = round(float(cursor.take("f")[0]), 3)
    if version not in VERSIONS:
        raise ValueError(f"version {version} is not one of {', '.join(map(str, VERSIONS))}; not a .pose file?")
    cursor.take("HHH")
    (components,) = cursor.take("H")
    if not 1 <= components <= MAX_COMPONENTS:
        raise ValueError(f"{components} components (1 to {MAX_COMPONENTS} are accepted)")
    points, dims = 0, 0
    for _ in range(int(components)):
        count, axes = _component(cursor)
        points, dims = points + count, max(dims, axes)
    if not 1 <= points <= MAX_POINTS or not 1 <= dims <= 3:
        raise ValueError(f"{points} points of {dims} dimensions (1 to {MAX_POINTS} points of 1 to 3 are accepted)")
    return _body(cursor, version, points, dims, total)


def _component(cursor: Cursor) -> tuple[int, int]:
    cursor.text()
    axes = cursor.text()
    points, limbs, colors = (int(value) for value in cursor.take("HHH"))
    for _ in range(points):
        cursor.text()
    cursor.skip(limbs * 4 + colors * 6)
    return points, len(axes) - 1


def _body(cursor: Cursor, version: float, points: int, dims: int, total: int) -> Header:
    if version == 0.0:
        fps, frames = cursor.take("HH")
        if cursor.at + 2 * int(frames) > total:
            raise ValueError(f"{frames} frames are claimed but only {total - cursor.at} bytes follow")
        return Header(version, points, dims, int(frames), 1, float(fps))
    fps, frames = cursor.take("fI" if version == 0.2 else "HH")
    (people,) = cursor.take("H")
    if not 1 <= people <= MAX_PEOPLE:
        raise ValueError(f"{people} people (1 to {MAX_PEOPLE} are accepted)")
    frame_bytes = int(people) * points * (dims + 1) * 4
    left = total - cursor.at
    if version == 0.1:
        frames = left // frame_bytes  # its 16-bit counter overflows; every reader goes by the size
    if not 1 <= frames <= MAX_FRAMES:
        raise ValueError(f"{frames} frames (1 to {MAX_FRAMES} are accepted)")
    if int(frames) * frame_bytes > left:
        raise ValueError(f"{frames} frames are claimed but only {left} bytes follow, enough for {left // frame_bytes}")
    if not 0 < fps < 10_000:
        raise ValueError(f"{fps} frames per second")
    return Header(version, points, dims, int(frames), int(people), float(fps))
