"""Read ``.pose`` files: bounded, of every published version, never NaN.

MediaPipe writes x and y in pixels but z in fractions of the image width: measured on the files of the fingerspelling
lexicon (500 pixels wide) the points of a hand spread 14, 19 and 0.016 around its wrist, on ``house.pose`` (320 wide) 15,
16 and 0.024.  `Clip.unit_scale` carries the width for z, so that a stream may bring depth to the scale of the rest.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from mmpt_sign.errors import PoseFormatError
from mmpt_sign.poses.clip import Clip, FloatArray, Layout
from mmpt_sign.poses.header import check_header
from mmpt_sign.poses.names import canonical

MAX_BYTES = 2 << 30
HEADER_BYTES = 1 << 20
FLAT = 0.05  # depth that spreads less than this share of the width is in MediaPipe's own unit


def read(source: str | Path | bytes, start: int | None = None, end: int | None = None) -> Clip:
    """A clip from a path or from bytes, between frames ``start`` and ``end`` (excluded) where given."""
    name = "<bytes>" if isinstance(source, bytes) else str(source)
    data = source if isinstance(source, bytes) else _bytes(Path(source))
    try:
        header = check_header(data)
        if start is not None and not 0 <= start < header.frames:
            raise ValueError(f"frame {start} is not among its {header.frames} frames")
        return from_pose(_parsed(data, start, end))
    except PoseFormatError:
        raise
    except (ValueError, TypeError, IndexError, KeyError, OverflowError, NotImplementedError, UnicodeDecodeError) as error:
        raise PoseFormatError(name, str(error)) from error
    except Exception as error:  # struct.error and whatever else a hostile body provokes inside pose-format
        raise PoseFormatError(name, f"the body cannot be read ({type(error).__name__}: {error})") from error


def frame_count(path: str | Path) -> int:
    """Frames of a file, from its header alone."""
    path = Path(path)
    try:
        with path.open("rb") as file:
            beginning = file.read(HEADER_BYTES)
        return check_header(beginning, path.stat().st_size).frames
    except (OSError, ValueError) as error:
        raise PoseFormatError(path, str(error)) from error


def from_pose(pose: Any) -> Clip:
    """A clip from a ``pose_format.Pose``; of several people the one seen most."""
    data = np.asarray(np.ma.getdata(pose.body.data), dtype=np.float32)
    confidence = np.asarray(np.ma.getdata(pose.body.confidence), dtype=np.float32)
    if data.ndim != 4 or data.shape[0] == 0:
        raise PoseFormatError("<pose>", f"a body of shape {data.shape}, not (frames, people, points, dimensions)")
    person = 0 if data.shape[1] == 1 else int(np.nan_to_num(confidence).sum((0, 2)).argmax())
    names = tuple(
        canonical(component.name, point, index)
        for component in pose.header.components
        for index, point in enumerate(component.points)
    )
    points, seen = clean(data[:, person], confidence[:, person])
    return Clip(points, seen, Layout(names), float(pose.body.fps), _unit_scale(points, seen, pose.header.dimensions.width))


def clean(data: FloatArray, confidence: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Zeros where a point is missing or not finite; confidence in 0 … 1 and zero there as well."""
    seen = np.nan_to_num(confidence, nan=0.0, posinf=0.0, neginf=0.0).clip(0, 1)
    seen = np.where(np.isfinite(data).all(-1), seen, np.float32(0)).astype(np.float32)
    return np.where(seen[..., None] > 0, data, np.float32(0)).astype(np.float32), seen


def _unit_scale(data: FloatArray, confidence: FloatArray, width: int) -> tuple[float, float, float]:
    if data.shape[-1] < 3 or not (confidence > 0).any():
        return (1.0, 1.0, 1.0)
    spread = data[confidence > 0].std(0)
    return (1.0, 1.0, float(width) if spread[2] < FLAT * spread[0] else 1.0)


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PoseFormatError(path, f"larger than {MAX_BYTES} bytes")
        return path.read_bytes()
    except OSError as error:
        raise PoseFormatError(path, f"cannot be read ({error.strerror})") from error


def _parsed(data: bytes, start: int | None, end: int | None) -> Any:
    from pose_format import Pose

    if start is None and end is None:
        return Pose.read(data)
    return Pose.read(data, start_frame=start, end_frame=end)
