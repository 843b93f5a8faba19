"""Read the source of a record: a pose file, a plain array, an entry of an archive or of a clip store."""

from __future__ import annotations

import zipfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError
from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.hands import told_apart
from mmpt_sign.poses.layouts import UNORDERED, by_point_count, layout
from mmpt_sign.poses.read import clean, read

if TYPE_CHECKING:
    from mmpt_sign.records import Source

MAX_ARRAY_BYTES = 4 << 30
ARCHIVES_KEPT = 6


def read_source(source: Source) -> Clip:
    """The clip that a record points at."""
    if source.path.suffix == ".pose":
        return read(source.path, source.start, source.end)
    if source.path.suffix == ".parquet":
        from mmpt_sign.poses.parquet import read_parquet

        return read_parquet(source.path)
    if source.path.is_dir():
        from mmpt_sign.features.store import opened

        return opened(source.path).clip(int(source.item or 0))
    array, confidence = _array(source)
    return clip_from_array(array, source.layout or by_point_count(array.shape), confidence, source.fps or 25.0)


def clip_from_array(
    array: NDArray[Any], points: str, confidence: NDArray[Any] | None = None, fps: float = 25.0
) -> Clip:
    """A clip from (T, V, C), (V, C) or (T, 2, 21, C) numbers; NaN means missing, and so does a confidence of 0."""
    data = np.asarray(array, dtype=np.float32)
    if points == "frames":
        return feature_clip(data, fps)
    names = layout(points)
    if points == UNORDERED and data.ndim == 4:
        data = told_apart(data)
    elif data.ndim == 4:
        data = data.reshape(len(data), -1, data.shape[-1])
    data = data[None] if data.ndim == 2 else data
    if data.ndim != 3 or data.shape[1] != len(names) or data.shape[2] not in (2, 3) or len(data) == 0:
        raise DataError(f"an array of shape {np.shape(array)} is no clip of the layout '{points}' ({len(names)} points)")
    seen = np.ones(data.shape[:2], np.float32) if confidence is None else np.asarray(confidence, np.float32)
    return Clip(*clean(data, seen), names, fps)


def feature_clip(data: NDArray[np.float32], fps: float) -> Clip:
    """Features (T, D) of a frozen network as a clip of one 'point' with D coordinates."""
    from mmpt_sign.poses.clip import Layout

    if data.ndim != 2 or len(data) == 0:
        raise DataError(f"features of shape {data.shape} are not (T, D)")
    confidence = np.ones((len(data), 1), np.float32)
    return Clip(np.nan_to_num(data)[:, None, :].astype(np.float32), confidence, Layout(("FEATURES.VECTOR",)), fps)


def _array(source: Source) -> tuple[NDArray[Any], NDArray[Any] | None]:
    if source.path.suffix == ".npy":
        array = _guarded(source.path, lambda: np.load(source.path, mmap_mode="r", allow_pickle=False))
        return _cut(array, source), None
    if source.path.suffix == ".npz":
        archive = _archive(source.path, source.path.stat().st_mtime_ns if source.path.exists() else 0)
        member = source.member or next(iter(archive))
        if member not in archive:
            raise DataError(f"{source.path}: no array '{member}'; it holds {', '.join(archive)}")
        confidence = archive.get("conf")
        fits = confidence is not None and confidence.shape == archive[member].shape[:-1]
        return _cut(archive[member], source), _cut(confidence, source) if fits and confidence is not None else None
    raise DataError(f"{source.path}: neither a .pose file nor a .npy or .npz array, and no clip store")


def _cut(array: NDArray[Any], source: Source) -> NDArray[Any]:
    chosen = array
    if source.item is not None:
        if not 0 <= source.item < len(array):
            raise DataError(f"{source.path}: entry {source.item} is not among its {len(array)}")
        chosen = array[source.item]
    if source.start is not None or source.end is not None:
        if not 0 <= (source.start or 0) < len(chosen):
            raise DataError(f"{source.path}: frame {source.start} is not among its {len(chosen)}")
        chosen = chosen[source.start : source.end]
    return chosen


@lru_cache(maxsize=ARCHIVES_KEPT)
def _archive(path: Path, changed: int) -> dict[str, NDArray[Any]]:
    """All arrays of an archive in memory; its sizes are checked before anything is unpacked."""

    def load() -> dict[str, NDArray[Any]]:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_ARRAY_BYTES:
                raise ValueError(f"unpacks to more than {MAX_ARRAY_BYTES} bytes")
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}

    loaded: dict[str, NDArray[Any]] = _guarded(path, load)
    return loaded


def _guarded(path: Path, load: Any) -> Any:
    try:
        return load()
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise DataError(f"{path}: not readable as an array ({error})") from error
