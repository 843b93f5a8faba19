"""Made corpora of exactly the layouts that the data sets read, with random numbers for frames."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

KAGGLE_PARTS = (("face", 468), ("left_hand", 21), ("pose", 33), ("right_hand", 21))  # the order of its rows


def write_csv(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """A table of rows with equal keys."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def ragged(folder: Path, stem: str, rows: Sequence[Mapping[str, object]], shape: tuple[int, ...], member: str) -> Path:
    """``STEM.npz`` with joined frames, offsets and ids beside ``STEM.csv``; every clip is filled with its number."""
    lengths = [int(str(row["n_frames"])) for row in rows]
    frames = np.concatenate([np.full((n, *shape), k, np.float16) for k, n in enumerate(lengths)])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    write_csv(folder / f"{stem}.csv", rows)
    ids = np.array([str(row["id"]) for row in rows])
    np.savez(folder / f"{stem}.npz", **{member: frames}, offsets=offsets, ids=ids)
    return folder


def pose_file(path: Path, frames: int = 4, seen: float = 1.0) -> Path:
    """A ``.pose`` file with the 21 points of a right hand."""
    from pose_format import Pose
    from pose_format.numpy import NumPyPoseBody
    from pose_format.pose_header import PoseHeader, PoseHeaderComponent, PoseHeaderDimensions

    points = [f"P{k}" for k in range(21)]
    part = PoseHeaderComponent("RIGHT_HAND_LANDMARKS", points, [(0, 1)], [(0, 0, 0)], "XYZC")
    header = PoseHeader(0.2, PoseHeaderDimensions(100, 100, 100), [part])
    rng = np.random.default_rng(frames)
    data = rng.normal(50, 10, (frames, 1, 21, 3)).astype(np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        Pose(header, NumPyPoseBody(25, data, np.full((frames, 1, 21), seen, np.float32))).write(stream)
    return path


def kaggle_parquet(path: Path, frames: int, *, shuffled: bool = False, first_frame: int = 20) -> Path:
    """One clip of asl-signs: x is the row's component (its position there), y the index, z the frame."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        (first_frame + t, f"{first_frame + t}-{kind}-{k}", kind, k, float(p), float(k), float(t))
        for t in range(frames)
        for p, (kind, count) in enumerate(KAGGLE_PARTS)
        for k in range(count)
    ]
    if shuffled:
        rows = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    names = ["frame", "row_id", "type", "landmark_index", "x", "y", "z"]
    types = [pa.int16(), pa.string(), pa.string(), pa.int16(), pa.float64(), pa.float64(), pa.float64()]
    columns = [pa.array(column, kind) for column, kind in zip(zip(*rows, strict=True), types, strict=True)]
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(dict(zip(names, columns, strict=True))), path)
    return path


def sequence_parquet(path: Path, sequences: Sequence[int], frames: int = 3) -> Path:
    """Sequences of asl-fingerspelling: x is the sequence's place in the file, y the point's number, z the frame."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [(sequence, place, t) for place, sequence in enumerate(sequences) for t in range(frames)]
    columns: dict[str, object] = {"frame": pa.array([t for _, _, t in rows], pa.int16())}
    for axis, at in (("x", 1), ("y", None), ("z", 2)):
        for part, count in KAGGLE_PARTS:
            for k in range(count):
                values = [float(k if at is None else row[at]) for row in rows]
                columns[f"{axis}_{part}_{k}"] = pa.array(values, pa.float32())
    columns["sequence_id"] = pa.array([sequence for sequence, _, _ in rows], pa.int64())
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path, row_group_size=4)
    return path
