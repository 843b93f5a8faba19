"""The header of a ``.pose`` file, checked against limits and the file's size before anything is allocated for it.

A file of 56 bytes can claim four thousand million frames, and one of 130 kB (format 0.0, no people) can ask for
gigabytes of zeros; pose-format believes both.  So the few numbers that decide about memory are read here first.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass

VERSIONS = (0.0, 0.1, 0.2)
HEADER_BYTES = 1 << 20  # no header is longer; the largest real one (586 points) has 20 kB


@dataclass(frozen=True)
class Limits:
    """What a reader accepts; the defaults are far above any real recording."""

    bytes: int = 2 << 30
    components: int = 64
    points: int = 20_000
    people: int = 64
    frames: int = 1_000_000
    numbers_of_v0_0: int = 1 << 25  # frames x points x values, which format 0.0 lets a short file claim


LIMITS = Limits()


@dataclass(frozen=True)
class Header:
    """What the bytes claim, after checking that it can be true."""

    version: float
    points: int
    dims: int
    frames: int
    people: int
    fps: float
    counter_at: int  # offset of fps and the number of frames
    body_at: int  # offset of the first frame

    @property
    def frame_numbers(self) -> int:
        """Coordinates in one frame, confidences not counted."""
        return self.people * self.points * self.dims


class Cursor:
    """Reads little-endian values and refuses to run off the end."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def take(self, kind: str) -> tuple[int | float, ...]:
        """Values of a struct format."""
        start = self.at
        self.skip(struct.calcsize("<" + kind))
        return struct.unpack_from("<" + kind, self.data, start)

    def skip(self, size: int) -> None:
        """Leave out ``size`` bytes."""
        if self.at + size > len(self.data):
            raise ValueError(f"the header is cut off after {len(self.data)} bytes")
        self.at += size

    def strings(self, count: int) -> None:
        """Leave out ``count`` strings with their lengths in front."""
        data, at, end = self.data, self.at, len(self.data) - 1
        for _ in range(count):
            if at >= end:
                break
            at += 2 + data[at] + 256 * data[at + 1]
        else:
            self.at, skipped = 0, at
            return self.skip(skipped)
        raise ValueError(f"the header is cut off after {len(data)} bytes")

    def text_length(self) -> int:
        """The length in bytes of the string at this place, which is left out."""
        (size,) = self.take("H")
        self.skip(int(size))
        return int(size)


def check_header(data: bytes, total: int | None = None, limits: Limits = LIMITS) -> Header:
    """Parse the header of ``data``, the beginning of a file of ``total`` bytes; `ValueError` says what is wrong."""
    if not data:
        raise ValueError("the file is empty")
    cursor, total = Cursor(data), len(data) if total is None else total
    version = float(cursor.take("f")[0])
    if math.isfinite(version) and version != 0:
        version = round(version, 3) or version  # 0.1 as a 32-bit number is not 0.1, but only zero is zero
    if version not in VERSIONS:
        raise ValueError(f"version {version:g} is not one of {', '.join(map(str, VERSIONS))}; is it a .pose file?")
    cursor.take("HHH")
    components = int(cursor.take("H")[0])
    if not 1 <= components <= limits.components:
        raise ValueError(f"{components} components (1 to {limits.components} are accepted)")
    sizes = [_component(cursor) for _ in range(components)]
    points, dims = sum(count for count, _ in sizes), max(axes for _, axes in sizes)
    if not 1 <= points <= limits.points or dims not in (2, 3):
        raise ValueError(f"{points} points of {dims} dimensions (up to {limits.points} points of 2 or 3 are accepted)")
    if version == 0.0:
        return _body_v0_0(cursor, sizes, total, limits)
    return _body(cursor, version, points, dims, total, limits)


def _component(cursor: Cursor) -> tuple[int, int]:
    """Number of points and of dimensions of the component at this place."""
    cursor.text_length()
    axes = cursor.text_length()
    points, limbs, colours = (int(value) for value in cursor.take("HHH"))
    cursor.strings(points)
    cursor.skip(limbs * 4 + colours * 6)
    return points, axes - 1


def _body(cursor: Cursor, version: float, points: int, dims: int, total: int, limits: Limits) -> Header:
    counter_at = cursor.at
    fps, frames = cursor.take("fI" if version == 0.2 else "HH")
    people = int(cursor.take("H")[0])
    if not 1 <= people <= limits.people:
        raise ValueError(f"{people} people (1 to {limits.people} are accepted)")
    frame_bytes = people * points * (dims + 1) * 4
    left = total - cursor.at
    if version == 0.1:
        frames = left // frame_bytes  # its 16-bit counter overflows; every reader goes by the size
    _check_frames(int(frames), left // frame_bytes, limits)
    return Header(version, points, dims, int(frames), people, _rate(float(fps)), counter_at, cursor.at)


def _body_v0_0(cursor: Cursor, sizes: list[tuple[int, int]], total: int, limits: Limits) -> Header:
    """Format 0.0 counts people in each frame, so its frames have different sizes."""
    counter_at = cursor.at
    fps, frames = (int(value) for value in cursor.take("HH"))
    points, dims = sum(count for count, _ in sizes), max(axes for _, axes in sizes)
    if any(axes != dims for _, axes in sizes):
        raise ValueError("components of different dimensions, which format 0.0 cannot hold")
    _check_frames(frames, (total - cursor.at) // 2, limits)
    if frames * points * (dims + 1) > limits.numbers_of_v0_0:
        raise ValueError(f"{frames} frames of {points} points are more than {limits.numbers_of_v0_0} numbers")
    return Header(0.0, points, dims, frames, 1, _rate(float(fps)), counter_at, cursor.at)


def check_frames_v0_0(data: bytes, header: Header, limits: Limits = LIMITS) -> None:
    """Walk over the frames of a whole file of format 0.0, whose sizes only the frames themselves tell."""
    cursor = Cursor(data)
    cursor.skip(header.body_at)
    person_bytes = 2 + header.points * (header.dims + 1) * 4
    for frame in range(header.frames):
        if cursor.at + 2 > len(data):
            raise ValueError(f"the file is cut off in frame {frame} of {header.frames}")
        people = int(cursor.take("H")[0])
        if people > limits.people or cursor.at + people * person_bytes > len(data):
            raise ValueError(f"{people} people are claimed in frame {frame}, more than the file or the limit holds")
        cursor.skip(people * person_bytes)


def _check_frames(frames: int, room: int, limits: Limits) -> None:
    if frames > room:
        raise ValueError(f"{frames} frames are claimed but the bytes that follow are enough for {room} at most")
    if not 1 <= frames <= limits.frames:
        raise ValueError(f"{frames} frames (1 to {limits.frames} are accepted)")


def _rate(fps: float) -> float:
    """Frames per second; some writers leave 0 for "unknown"."""
    if not 0 <= fps < 10_000:
        raise ValueError(f"{fps} frames per second")
    return fps
