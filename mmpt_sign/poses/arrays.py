"""Read the source of a record: a pose file, a landmark table, an array, an entry of an archive or of a clip store."""

from __future__ import annotations

import zipfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError
from mmpt_sign.poses.clip import Clip, Layout
from mmpt_sign.poses.hands import told_apart
from mmpt_sign.poses.layouts import UNORDERED, by_point_count, layout
from mmpt_sign.poses.read import USUAL_FPS, clean, read

if TYPE_CHECKING:
    from mmpt_sign.records import Source

MAX_ARRAY_BYTES = 4 << 30
ARCHIVES_KEPT = 8
VIDEOS = (".mp4", ".mkv", ".webm", ".avi", ".mov")  # as pictures, for networks that are trained on them
POINTS = (".pose", ".npy", ".npz", ".parquet")  # files of points
FEATURES = "frames"  # the layout of (T, D) features, which have no points
FEATURE_LAYOUT = Layout(("FEATURES.VECTOR",))


def read_source(source: Source | None) -> Clip:
    """The clip that a record points at; `DataError` says what is wrong with it, or that there is none."""
    if source is None:
        raise DataError("the record has no frames for this stream")
    if source.made is not None:
        return source.made.clip()
    ending = source.path.suffix.lower()
    if ending == ".pose":
        return read(source.path, source.start, source.end)
    if ending == ".parquet" and source.item is not None:
        from mmpt_sign.poses.sequence_parquet import read_sequence

        return _cut_clip(read_sequence(source.path, source.item), source)
    if ending == ".parquet":
        from mmpt_sign.poses.parquet import read_parquet

        return _cut_clip(read_parquet(source.path), source)
    if ending in VIDEOS:
        from mmpt_sign.video.film import read_film

        return read_film(source)
    if source.path.is_dir():
        from mmpt_sign.features.store import opened

        store = opened(source.path)
        return _cut_clip(store.clip(store.item_of(source)), source)
    array, confidence = _array(source)
    try:
        return clip_from_array(array, source.layout, confidence, source.fps or USUAL_FPS)
    except DataError as error:
        raise DataError(f"{source.path}: {error}") from error


def clip_from_array(
    array: NDArray[Any], points: str | None = None, confidence: NDArray[Any] | None = None, fps: float = USUAL_FPS
) -> Clip:
    """A clip from (T, V, C), (V, C) or (T, 2, 21, C) numbers; NaN means missing, and so does a confidence of 0.

    ``points`` names the layout; without it the number of points tells, and (T, D) of larger D are features.
    """
    if array.dtype.kind not in "fiu":
        raise DataError(f"an array of {array.dtype} holds no coordinates")
    if points is None:
        points = FEATURES if array.ndim == 2 and array.shape[1] > 3 else by_point_count(array.shape)
    data = np.asarray(array, dtype=np.float32)
    if points == FEATURES:
        return feature_clip(data, fps)
    names = layout(points)
    data = _as_frames(data, points)
    if data.ndim != 3 or data.shape[1] != len(names) or data.shape[2] not in (2, 3) or len(data) == 0:
        raise DataError(
            f"an array of shape {np.shape(array)} is no clip of the layout '{points}' ({len(names)} points)"
        )
    return Clip(*clean(data, _confidence(confidence, data), names), names, fps)


def feature_clip(data: NDArray[np.float32], fps: float) -> Clip:
    """Features (T, D) of a frozen network as a clip of one 'point' with D coordinates; what is not finite becomes 0."""
    if data.ndim != 2 or 0 in data.shape:
        raise DataError(f"features of shape {data.shape} are not (T, D)")
    values = np.nan_to_num(data, nan=0.0, posinf=0.0, neginf=0.0)[:, None, :].astype(np.float32)
    return Clip(values, np.ones((len(data), 1), np.float32), FEATURE_LAYOUT, fps)


def _as_frames(data: NDArray[np.float32], points: str) -> NDArray[np.float32]:
    """(T, V, C) of anything that is written as frames of hands, or as one frame alone."""
    if data.ndim == 4 and points == UNORDERED and data.shape[1:3] == (2, 21):
        return told_apart(data)
    if data.ndim == 4:
        return data.reshape(len(data), data.shape[1] * data.shape[2], data.shape[3])
    return data[None] if data.ndim == 2 else data


def _confidence(given: NDArray[Any] | None, data: NDArray[np.float32]) -> NDArray[np.float32]:
    """(T, V) in 0 … 1; archives keep it as bytes."""
    if given is None:
        return np.ones(data.shape[:2], np.float32)
    confidence = np.asarray(given, np.float32).reshape(data.shape[:2])
    return confidence / np.float32(255) if given.dtype == np.uint8 else confidence


def _array(source: Source) -> tuple[NDArray[Any], NDArray[Any] | None]:
    if not source.path.is_file():
        raise DataError(f"{source.path}: no such file")
    ending = source.path.suffix.lower()
    if ending == ".npy":
        array = _guarded(source.path, lambda: np.load(source.path, mmap_mode="r", allow_pickle=False))
        return _cut(array, source, None), None
    if ending == ".npz":
        archive = _archive(source.path, source.path.stat().st_mtime_ns)
        member = source.member or next(iter(archive), "")
        if member not in archive:
            raise DataError(f"{source.path}: no array '{member}'; it holds {', '.join(archive)}")
        array, confidence, offsets = archive[member], archive.get("conf"), archive.get("offsets")
        fits = confidence is not None and confidence.shape == array.shape[:-1]
        cut = _cut(confidence, source, offsets) if fits and confidence is not None else None
        return _cut(array, source, offsets), cut
    raise DataError(f"{source.path}: neither a .pose file nor a .npy or .npz array, and no clip store")


def _cut(array: NDArray[Any], source: Source, offsets: NDArray[Any] | None) -> NDArray[Any]:
    """The entry ``item`` (along the first axis, or between two offsets), then its frames."""
    if source.item is not None:
        ragged = offsets is not None and offsets.ndim == 1 and len(offsets) and int(offsets[-1]) == len(array)
        count = len(offsets) - 1 if ragged and offsets is not None else len(array)
        if not 0 <= source.item < count:
            raise DataError(f"{source.path}: entry {source.item} is not among its {count}")
        if ragged and offsets is not None:
            array = array[int(offsets[source.item]) : int(offsets[source.item + 1])]
        else:
            array = array[source.item]
    first, last = _span(source, len(array) if array.ndim else 0)
    return array[first:last] if (source.start, source.end) != (None, None) else array


def _cut_clip(clip: Clip, source: Source) -> Clip:
    first, last = _span(source, len(clip))
    return clip.frames(first, last)


def _span(source: Source, length: int) -> tuple[int, int]:
    if length == 0:
        raise DataError(f"{source.path}: has no frames")
    first, last = source.start or 0, length if source.end is None else min(source.end, length)
    if not 0 <= first < last:
        raise DataError(f"{source.path}: frames {source.start} to {source.end} are not among its {length}")
    return first, last


@lru_cache(maxsize=ARCHIVES_KEPT)
def _archive(path: Path, changed: int) -> dict[str, NDArray[Any]]:
    """All numeric arrays of an archive in memory; its sizes are checked before anything is unpacked."""

    def load() -> dict[str, NDArray[Any]]:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
            if unpacked > MAX_ARRAY_BYTES:
                raise ValueError(f"unpacks to {unpacked} bytes, more than {MAX_ARRAY_BYTES}")
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}

    loaded: dict[str, NDArray[Any]] = _guarded(path, load)
    return loaded


def _guarded(path: Path, load: Any) -> Any:
    try:
        return load()
    except (OSError, ValueError, zipfile.BadZipFile, EOFError, SyntaxError, NotImplementedError) as error:
        raise DataError(f"{path}: not readable as an array ({error})") from error
