"""Read ``.pose`` files: bounded, of every published version, never NaN.

Depth.  MediaPipe writes x and y in pixels but z in fractions of the image width, and pose-format keeps that.  Measured
as the spread of the points around the middle of their component (x, y, z): hands of ``house.pose`` (320 pixels wide) 8,
13, 0.019; its face 12, 14, 0.020; hands of the fingerspelling lexicon (500 wide) 12 to 25, 15 to 30, 0.008 to 0.028;
of 1280 pixels wide recordings 50, 74, 0.02.  Times the width, z is as large as x and y in all of them, whatever depth
the header claims (0, 210, 640 or 1000).  `Clip.unit_scale` carries that factor, so that a stream may bring z to the
scale of the rest (``z: scaled``) or leave it as the original does (``z: raw``).
"""

from __future__ import annotations

import math
import struct
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from mmpt_sign.errors import PoseFormatError
from mmpt_sign.poses.clip import Clip, FloatArray, Layout, without
from mmpt_sign.poses.header import HEADER_BYTES, LIMITS, Header, Limits, check_frames_v0_0, check_header
from mmpt_sign.poses.names import WORLD, canonical

USUAL_FPS = 25.0
LARGEST = 1e6  # a coordinate beyond this is no position in any picture
FLAT, PIXELS = 0.1, 2.0  # z in its own unit spreads less than a tenth of x, and x in pixels spreads more than two


def read(
    source: str | Path | bytes | BinaryIO, start: int | None = None, end: int | None = None, *, limits: Limits = LIMITS
) -> Clip:
    """A clip from a path, from bytes or from an open file.

    Only the frames from ``start`` up to ``end`` (excluded) are read.  Whatever is wrong with the bytes, the answer is a
    `PoseFormatError` that says what, and no more memory is taken than the file is long.
    """
    if isinstance(source, str | Path):
        return _read_path(Path(source), start, end, limits)
    name = "<bytes>" if isinstance(source, bytes) else str(getattr(source, "name", "<file>"))
    data = source if isinstance(source, bytes) else source.read(limits.bytes + 1)
    return _read_open(name, BytesIO(data), len(data), start, end, limits)


def frame_count(path: str | Path, *, limits: Limits = LIMITS) -> int:
    """Frames of a file, from its header alone."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            return check_header(file.read(HEADER_BYTES), path.stat().st_size, limits).frames
    except OSError as error:
        raise PoseFormatError(path, f"cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise PoseFormatError(path, str(error)) from error


def from_pose(pose: Any) -> Clip:
    """A clip from a ``pose_format.Pose``; of several people the one that is seen most."""
    data = np.asarray(np.ma.getdata(pose.body.data), dtype=np.float32)
    confidence = np.asarray(np.ma.getdata(pose.body.confidence), dtype=np.float32)
    if data.ndim != 4 or 0 in data.shape or data.shape[3] not in (2, 3) or confidence.shape != data.shape[:3]:
        raise PoseFormatError("<pose>", f"a body of shape {data.shape}, not (frames, people, points, 2 or 3)")
    person = 0 if data.shape[1] == 1 else int(np.nan_to_num(confidence).sum((0, 2)).argmax())
    layout = _layout(tuple((component.name, tuple(component.points)) for component in pose.header.components))
    if len(layout) != data.shape[2]:
        raise PoseFormatError("<pose>", f"{data.shape[2]} points, but its header names {len(layout)}")
    points, seen = clean(data[:, person], confidence[:, person], layout)
    fps = float(pose.body.fps)
    scale = _unit_scale(points, seen, layout, int(pose.header.dimensions.width))
    return Clip(points, seen, layout, fps if math.isfinite(fps) and fps > 0 else USUAL_FPS, scale)


def clean(data: FloatArray, confidence: FloatArray, layout: Layout | None = None) -> tuple[FloatArray, FloatArray]:
    """Zeros where a point is missing or not finite; confidence in 0 … 1 and zero there as well.

    A component whose points all lie on the origin of the file was not detected either, whatever its confidence says:
    some data sets write undetected hands that way.
    """
    seen = np.nan_to_num(confidence, nan=0.0, posinf=0.0, neginf=0.0).clip(0, 1).astype(np.float32)
    with np.errstate(invalid="ignore"):
        if not (data.max() < LARGEST and data.min() > -LARGEST):  # also where one of them is NaN
            seen[~(np.abs(data) < LARGEST).all(-1)] = 0
        for indices in layout.components.values() if layout else ():
            first, last = indices[0], indices[-1] + 1
            if 1 < len(indices) == last - first:
                seen[~data[:, first:last].any((1, 2)), first:last] = 0
    return without(data.astype(np.float32, order="C"), seen == 0), seen


@lru_cache(maxsize=32)
def _layout(components: tuple[tuple[str, tuple[str, ...]], ...]) -> Layout:
    """One object per kind of header, so that its tables of names are made once."""
    return Layout(
        tuple(canonical(name, point, index) for name, points in components for index, point in enumerate(points))
    )


def _unit_scale(data: FloatArray, seen: FloatArray, layout: Layout, width: int) -> tuple[float, float, float]:
    """The width of the picture as the factor of z where z is in fractions of it, else 1."""
    component = next((indices for name, indices in layout.components.items() if name != WORLD), ())
    if data.shape[-1] < 3 or width <= 0 or not (seen[:, list(component)] > 0).any():
        return (1.0, 1.0, 1.0)
    x, _, z = data[:, list(component)][seen[:, list(component)] > 0].std(0)
    return (1.0, 1.0, float(width) if x > PIXELS and z < FLAT * x else 1.0)


def _read_path(path: Path, start: int | None, end: int | None, limits: Limits) -> Clip:
    try:
        with path.open("rb") as file:
            return _read_open(str(path), file, path.stat().st_size, start, end, limits)
    except OSError as error:
        raise PoseFormatError(path, f"cannot be read ({error.strerror})") from error


def _read_open(name: str, file: BinaryIO, size: int, start: int | None, end: int | None, limits: Limits) -> Clip:
    from pose_format import Pose

    try:
        if size > limits.bytes:
            raise ValueError(f"{size} bytes, more than the {limits.bytes} that are accepted")
        beginning = file.read(HEADER_BYTES)
        header = check_header(beginning, size, limits)
        first, last = _span(header, start, end)
        if header.version == 0.0:
            data = beginning + file.read()
            check_frames_v0_0(data, header, limits)
            with np.errstate(invalid="ignore", over="ignore"):  # numbers that are none are cleaned up afterwards
                return from_pose(Pose.read(data)).frames(first, last)
        return from_pose(Pose.read(_excerpt(file, beginning, header, first, last), _plain_body()))
    except PoseFormatError as error:
        raise PoseFormatError(name, error.problem) from error
    except OSError:
        raise
    except (ValueError, EOFError) as error:
        raise PoseFormatError(name, str(error)) from error
    except (TypeError, LookupError, AttributeError, ArithmeticError, NotImplementedError, struct.error) as error:
        raise PoseFormatError(name, f"pose-format cannot read it ({type(error).__name__}: {error})") from error


@lru_cache(maxsize=1)
def _plain_body() -> Any:
    """A body of plain arrays: pose-format's usual one builds a mask as large as the data, which nobody here reads."""
    from pose_format.pose_body import PoseBody

    return type("PlainBody", (PoseBody,), {"tensor_reader": "unpack_numpy"})


def _span(header: Header, start: int | None, end: int | None) -> tuple[int, int]:
    first, last = start or 0, header.frames if end is None else min(end, header.frames)
    if not 0 <= first < last:
        raise ValueError(f"frames {start} to {end} are not among its {header.frames}")
    return first, last


def _excerpt(file: BinaryIO, beginning: bytes, header: Header, first: int, last: int) -> bytes:
    """A whole small file of the frames asked for: header, their coordinates, their confidences."""
    size = header.frame_numbers * 4
    if (first, last) == (0, header.frames) and len(beginning) < HEADER_BYTES:
        return beginning  # the file is small and read already
    confidence_size = size // header.dims
    coordinates = _bytes(file, beginning, header.body_at + first * size, (last - first) * size)
    confidence_at = header.body_at + header.frames * size
    confidences = _bytes(file, beginning, confidence_at + first * confidence_size, (last - first) * confidence_size)
    head = bytearray(beginning[: header.body_at])
    if header.version == 0.2:
        struct.pack_into("<I", head, header.counter_at + 4, last - first)
    return bytes(head) + coordinates + confidences


def _bytes(file: BinaryIO, beginning: bytes, at: int, size: int) -> bytes:
    if at + size <= len(beginning):
        return beginning[at : at + size]
    file.seek(at)
    found = file.read(size)
    if len(found) != size:
        raise ValueError(f"cut off: {size} bytes are needed at {at}, {len(found)} are there")
    return found
