"""Landmark tables of Google's isolated sign data (asl-signs): one parquet file per clip, 543 rows per frame."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import NotInstalledError, PoseFormatError
from mmpt_sign.poses.clip import Clip, FloatArray
from mmpt_sign.poses.layouts import layout
from mmpt_sign.poses.read import clean

# component as the table calls it, number of points; the order is that of a MediaPipe Holistic ``.pose`` file
COMPONENTS = (("pose", 33), ("face", 468), ("left_hand", 21), ("right_hand", 21))
POINTS = sum(count for _, count in COMPONENTS)
COLUMNS = ["frame", "type", "landmark_index", "x", "y", "z"]
MAX_FRAMES = 250_000  # more than two hours
FREE_BYTES, ROW_BYTES, RATIO = 16 << 20, 12, 1000  # real landmarks are packed to a half
FPS = 30.0  # nominal: the tables do not say


def read_parquet(path: Path) -> Clip:
    """The clip of one table; x and y are fractions of the frame, whose shape the tables do not tell."""
    data = read_landmarks(path)
    return Clip(*clean(data, np.ones(data.shape[:2], np.float32)), layout("holistic_543"), FPS)


def read_landmarks(path: Path) -> FloatArray:
    """(T, 543, 3) in the order POSE, FACE, LEFT_HAND, RIGHT_HAND; NaN where a point was not detected.

    Points go where the table says they belong, so neither the order of its rows nor a missing row matters.
    """
    table = _read(path)
    frames, frame_of_row = np.unique(table["frame"], return_inverse=True)
    slot = _slots(path, table["type"], table["landmark_index"])
    place = frame_of_row.reshape(-1) * POINTS + slot
    if len(np.unique(place)) != len(place):
        raise PoseFormatError(path, "names a point twice in one frame")
    if not len(frames):
        raise PoseFormatError(path, "has no rows")
    _check_size(path, len(frames) * POINTS)
    flat = np.full((len(frames) * POINTS, 3), np.nan, dtype=np.float32)
    flat[place] = np.stack([table[axis] for axis in "xyz"], axis=1)
    return flat.reshape(len(frames), POINTS, 3)


def _read(path: Path) -> dict[str, NDArray[Any]]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise NotInstalledError("pyarrow, which reads parquet files,", "datasets") from error
    try:
        file = pq.ParquetFile(path, read_dictionary=["type"])
        _check_size(path, file.metadata.num_rows)
        missing = sorted(set(COLUMNS) - set(file.schema_arrow.names))
        if missing:
            raise PoseFormatError(
                path, f"has no column {', '.join(missing)}; it has {', '.join(file.schema_arrow.names)}"
            )
        table = file.read(columns=COLUMNS)
        whole = {name: table[name].to_numpy().astype(np.int64) for name in ("frame", "landmark_index")}
        numbers = {name: table[name].to_numpy().astype(np.float32) for name in "xyz"}
        return {**whole, **numbers, "type": _components(table["type"])}
    except (OSError, pa.ArrowException, ValueError, TypeError) as error:
        raise PoseFormatError(path, f"is not a readable parquet table of landmarks ({error})") from error


def _check_size(path: Path, rows: int) -> None:
    """A few repeated numbers are packed to nothing, so what they unpack to is measured against the file."""
    if rows > MAX_FRAMES * POINTS:
        raise PoseFormatError(path, f"has {rows} rows, more than {MAX_FRAMES} frames of {POINTS}")
    if rows * ROW_BYTES > FREE_BYTES + RATIO * path.stat().st_size:
        raise PoseFormatError(path, f"unpacks to more than {RATIO} times its size, which no landmarks do")


def _components(column: Any) -> NDArray[np.int64]:
    """The number of each row's component, -1 for none; each name is looked at once, however long it is."""
    known = [name for name, _ in COMPONENTS]
    whole = column.dictionary_encode().unify_dictionaries()
    numbers = []
    for chunk in whole.chunks:
        names = chunk.dictionary.to_pylist()
        number_of = np.array([known.index(name) if name in known else -1 for name in names] + [-1], np.int64)
        numbers.append(number_of[chunk.indices.fill_null(len(names)).to_numpy()])
    return np.concatenate(numbers) if numbers else np.zeros(0, np.int64)


def _slots(path: Path, kinds: NDArray[Any], index: NDArray[Any]) -> NDArray[np.int64]:
    slot = np.full(len(kinds), -1, dtype=np.int64)
    start = 0
    for number, (_, count) in enumerate(COMPONENTS):
        rows = (kinds == number) & (index >= 0) & (index < count)
        slot[rows] = start + index[rows]
        start += count
    if (slot < 0).any():
        bad = int(np.argmax(slot < 0))
        name = COMPONENTS[kinds[bad]][0] if kinds[bad] >= 0 else "of an unknown type with number"
        raise PoseFormatError(path, f"row {bad} names the point {name} {index[bad]}, which does not exist")
    return slot
