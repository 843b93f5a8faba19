"""Feature files as the originals left them -> records, and the clip of each, so that a store is built of them once.

==============  ========================================================================================================
layout          what is in a file
==============  ========================================================================================================
npy             an array (T, D); FingerCLIP has one file per clip
cico_pkl        a pickled dictionary with ``name`` and ``feature`` (T, 1024); one file per video, folders are splits
seds_pkl        the same, thinned to at most 64 rows
seds_keypoints  a pickled dictionary with ``keypoints`` (T, 133, 3) of RTMPose, ``img_list`` with names of frames
twostream_pkl   a gzipped pickled list of dictionaries: ``name``, ``text``, ``sign`` (T / 4, 832); one file per split
mat             an array (T, D) of Matlab; the only one of two dimensions, or the one named by the key
==============  ========================================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.features.matlab import read_mat
from mmpt_sign.features.pickles import read_pickle
from mmpt_sign.poses.arrays import clip_from_array, feature_clip
from mmpt_sign.poses.clip import Clip
from mmpt_sign.records import Record, Source

Layout = Literal["npy", "cico_pkl", "seds_pkl", "seds_keypoints", "twostream_pkl", "mat"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)
SUFFIXES: Mapping[Layout, tuple[str, ...]] = {
    "npy": (".npy",),
    "cico_pkl": (".pkl", ".pickle"),
    "seds_pkl": (".pkl", ".pickle"),
    "seds_keypoints": (".pkl", ".pickle"),
    "twostream_pkl": (".pkl", ".pickle", ".gz"),
    "mat": (".mat",),
}
MAX_FILE = 1 << 30
SEDS_ROWS = 64
BODY, LEAST = 17, 1e-6  # SEDS reads the points of the arms however little sure they are
NAMED = 10


@dataclass(frozen=True)
class Reader:
    """How the clip of a record is read; travels to other processes."""

    layout: Layout
    key: str | None = None
    fps: float = 25.0

    def __call__(self, record: Record) -> Clip:
        """The features of one record; `DataError` says what is wrong with its file."""
        path = record.source.path
        try:
            if self.layout == "seds_keypoints":
                return self._key_points(path)
            return feature_clip(_numbers(self._array(record)), self.fps)
        except DataError as error:
            raise DataError(f"{path}: {error}" if str(path) not in str(error) else str(error)) from error

    def _array(self, record: Record) -> Any:
        path = record.source.path
        if path.is_file() and self.layout != "twostream_pkl" and path.stat().st_size > MAX_FILE:
            raise DataError(f"larger than {MAX_FILE >> 20} MiB, not the features of one video")
        if self.layout == "npy":
            return _npy(path)
        if self.layout == "mat":
            return read_mat(path, self.key)
        if self.layout == "twostream_pkl":
            return _of_split(path, path.stat().st_mtime_ns)[str(record.source.member)].get(self.key or "sign")
        content = read_pickle(path, MAX_FILE)
        key = self.key or "feature"
        if not isinstance(content, dict) or key not in content:
            held = ", ".join(map(str, content)) if isinstance(content, dict) else f"a {type(content).__name__}"
            raise DataError(f"has no '{key}' but {held}")
        if self.layout == "seds_pkl" and len(content[key]) > SEDS_ROWS:
            raise DataError(f"{len(content[key])} rows; files of SEDS have at most {SEDS_ROWS}: is it of CiCo?")
        return content[key]

    def _key_points(self, path: Path) -> Clip:
        """Frames in the order of the numbers in their names, whatever the order in the file."""
        content = read_pickle(path, MAX_FILE)
        points = content.get(self.key or "keypoints") if isinstance(content, dict) else None
        if not isinstance(points, np.ndarray) or points.ndim != 3 or points.shape[2] != 3 or points.dtype.kind != "f":
            raise DataError("has no 'keypoints' (T, 133, 3)")
        frames = content.get("img_list")
        if isinstance(frames, list) and len(frames) == len(points):
            points = points[np.argsort([_number(str(frame)) for frame in frames], kind="stable")]
        confidence = points[..., 2].copy()
        confidence[:, :BODY] = np.maximum(confidence[:, :BODY], LEAST)
        return clip_from_array(points[..., :2], "wholebody_133", confidence, self.fps)


def _number(frame: str) -> int:
    """The last number in the name of a frame: ``images0042.png`` is 42."""
    found = re.findall(r"\d+", frame.rsplit(".", 1)[0])
    return int(found[-1][-18:]) if found else -1


def records_of(
    places: Sequence[Path], layout: Layout, *, split: str | None = None, ids: Sequence[str] | None = None
) -> list[Record]:
    """One record per clip: its id is the file's name (TwoStream: the name inside), its split the file's folder.

    ``ids`` chooses clips and gives their order; one that is not there is an error, because a list is a promise.
    """
    found = [record for place in places for record in _below(place, layout)]
    if split is not None:
        found = [replace(record, split=split) for record in found]
    if ids is None:
        return found
    known = {record.id: record for record in found}
    absent = [name for name in ids if name not in known]
    if absent:
        more = f" and {len(absent) - NAMED} more" if len(absent) > NAMED else ""
        raise DataError(f"{len(absent)} of {len(ids)} ids have no file: {', '.join(absent[:NAMED])}{more}")
    return [known[name] for name in dict.fromkeys(ids)]


def read_ids(path: Path) -> list[str]:
    """One id per line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"--ids {path}: cannot be read ({error})") from error
    ids = [line.strip() for line in lines if line.strip()]
    if not ids:
        raise ConfigError(f"--ids {path}: has no ids")
    return ids


def _below(place: Path, layout: Layout) -> Iterator[Record]:
    suffixes = SUFFIXES[layout]
    if place.is_dir():
        files = sorted(path for path in place.rglob("*") if path.suffix in suffixes and path.is_file())
        if not files:
            raise DataError(f"{place}: no file that ends in {' or '.join(suffixes)} is in this folder or below it")
    elif place.is_file():
        files = [place]
    else:
        raise DataError(f"{place}: there is no such file or folder")
    for path in files:
        folder = path.parent.relative_to(place).as_posix() if place.is_dir() else "."
        of_folder = "" if folder == "." else folder
        if layout == "twostream_pkl":
            yield from _of_twostream(path, of_folder)
        else:
            yield Record(path.name.removesuffix(path.suffix), of_folder, (), Source(path))


def _of_twostream(path: Path, folder: str) -> Iterator[Record]:
    """The split is the file's name: ``dev.pkl``."""
    split = "/".join(part for part in (folder, path.name.partition(".")[0]) if part)
    for name, entry in _of_split(path, path.stat().st_mtime_ns).items():
        text = entry.get("text")
        texts = (text,) if isinstance(text, str) and text else ()
        yield Record(name, split, texts, Source(path, member=name))


@lru_cache(maxsize=1)
def _of_split(path: Path, changed: int) -> dict[str, dict[str, Any]]:
    """The entries of a file of TwoStream by name, kept because its records are read one after the other."""
    content = read_pickle(path)
    entries = content if isinstance(content, list) else []
    named = {str(e["name"]): e for e in entries if isinstance(e, dict) and isinstance(e.get("name"), str)}
    if not named or len(named) != len(entries):
        raise DataError(f"{path}: is no list of dictionaries with a name each")
    return named


def _npy(path: Path) -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError, SyntaxError) as error:
        raise DataError(f"{path}: not readable as an array ({error})") from error
    return array


def _numbers(array: Any) -> NDArray[np.float32]:
    """(T, D) float32; the shapes (D,) of one window and (T, D, 1, 1) of a network's own output are understood."""
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        raise DataError("holds no array of numbers")
    while array.ndim > 2 and array.shape[-1] == 1:
        array = array[..., 0]
    values = np.asarray(array[None] if array.ndim == 1 else array, np.float32)
    if values.ndim != 2 or not values.size:
        raise DataError(f"features of shape {np.shape(array)} are not (T, D)")
    if not np.isfinite(values).all():
        raise DataError("holds numbers that are not finite")
    return values
