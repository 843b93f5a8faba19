"""Landmark tables of Google's fingerspelling data (asl-fingerspelling): many sequences in one file, a row per frame.

A row holds its ``sequence_id``, its ``frame`` and a column for each axis of each point (``x_face_0`` … ``z_pose_32``).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from mmpt_sign.errors import NotInstalledError, PoseFormatError
from mmpt_sign.poses.clip import Clip, FloatArray
from mmpt_sign.poses.layouts import layout
from mmpt_sign.poses.parquet import COMPONENTS, FPS, MAX_FRAMES, POINTS
from mmpt_sign.poses.read import clean

SEQUENCE = "sequence_id"
MAX_GROUP_BYTES = 4 << 30
NAMES = [f"{axis}_{part}_{k}" for part, count in COMPONENTS for k in range(count) for axis in "xyz"]


def read_sequence(path: Path, sequence: int) -> Clip:
    """One clip of a file; x and y are fractions of the frame, whose shape the tables do not tell."""
    changed = _changed(path)
    parts = [_group(path, changed, group)[rows] for group, rows in _where(path, changed).get(sequence, ())]
    frames = np.concatenate(parts) if parts else np.zeros((0, POINTS, 3), np.float32)
    if not 0 < len(frames) <= MAX_FRAMES:
        raise PoseFormatError(path, f"has {len(frames)} frames of the sequence {sequence}")
    return Clip(*clean(frames, np.ones(frames.shape[:2], np.float32)), layout("holistic_543"), FPS)


@lru_cache(maxsize=8)
def _where(path: Path, changed: int) -> dict[int, list[tuple[int, Any]]]:
    """The row groups and rows of each sequence, in the order of its frames."""
    file = _open(path)
    found: dict[int, list[tuple[int, Any]]] = {}
    for group in range(file.metadata.num_row_groups):
        table = _columns(path, file, group, [SEQUENCE, "frame"])
        ids, frames = (table[name].to_numpy().astype(np.int64) for name in (SEQUENCE, "frame"))
        order = np.lexsort((frames, ids))
        edges = np.flatnonzero(np.diff(ids[order])) + 1
        for rows in np.split(order, edges) if len(order) else ():
            found.setdefault(int(ids[rows[0]]), []).append((group, rows))
    return found


@lru_cache(maxsize=1)
def _group(path: Path, changed: int, group: int) -> FloatArray:
    """All frames of a row group: the clips of a file are asked for one after the other."""
    file = _open(path)
    rows = file.metadata.row_group(group).num_rows
    if rows * len(NAMES) * 4 > MAX_GROUP_BYTES:
        raise PoseFormatError(path, f"has {rows} rows in one group, more than {MAX_GROUP_BYTES >> 30} GiB of numbers")
    table = _columns(path, file, group, NAMES)
    flat = np.empty((rows, len(NAMES)), np.float32)
    for k, name in enumerate(NAMES):
        flat[:, k] = table[name].to_numpy()
    return flat.reshape(rows, POINTS, 3)


def _open(path: Path) -> Any:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise NotInstalledError("pyarrow, which reads parquet files,", "datasets") from error
    try:
        file = pq.ParquetFile(path)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise PoseFormatError(path, f"is not a readable parquet file ({error})") from error
    missing = sorted({SEQUENCE, "frame", *NAMES} - set(file.schema_arrow.names))
    if missing:
        raise PoseFormatError(path, f"has no column {missing[0]} and {len(missing) - 1} more; it holds no sequences")
    return file


def _columns(path: Path, file: Any, group: int, names: list[str]) -> Any:
    import pyarrow as pa

    try:
        return file.read_row_group(group, columns=names)
    except (OSError, pa.ArrowException, ValueError) as error:
        raise PoseFormatError(path, f"cannot be read ({error}); a download may have stopped half-way") from error


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError as error:
        raise PoseFormatError(path, f"cannot be read ({error.strerror})") from error
