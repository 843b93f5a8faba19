"""A folder of many clips that is mapped into memory: any clip is there at once, nothing is parsed.

=================  ====================  ==========================================================================
file               type                  content
=================  ====================  ==========================================================================
coordinates.bin    int16 (F, V, C)       all frames of all clips, in steps of the clip's own range (see below)
confidence.bin     uint8 (F, V)          confidence x 255, rounded up; 0 = missing
starts.bin         int64 (N + 1,)        first frame of each clip, and the number of all frames
scales.bin         float64 (N, 2, C)     origin and step of each clip and axis: coordinate = origin + step * number
rates.bin          float64 (N, 4)        frames per second, and the three factors of `Clip.unit_scale`
manifest.json                            version, point names, shapes, SHA-256 of the files; written last
=================  ====================  ==========================================================================

Whole numbers in the range of each clip keep a 1280-pixel recording to 0.02 pixels; float16, which takes the same room,
keeps it to a whole pixel at the far side.  A folder without a manifest is an unfinished one and is never read.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError
from mmpt_sign.poses.clip import Clip, each_axis, layout_of, without

VERSION = 1
MANIFEST = "manifest.json"
TYPES = {"coordinates": "<i2", "confidence": "|u1", "starts": "<i8", "scales": "<f8", "rates": "<f8"}
LOWEST, STEPS = -32768, 65535


class Store:
    """A finished store, open for reading; safe to share between threads and processes."""

    def __init__(self, folder: Path, points: tuple[str, ...], arrays: dict[str, NDArray[Any]]) -> None:
        self.folder = folder
        self.layout = layout_of(points)
        self._arrays = arrays

    @classmethod
    def open(cls, folder: Path | str) -> Store:
        """Map the files after checking that each has exactly the size that the manifest says."""
        folder = Path(folder)
        manifest = _manifest(folder)
        try:
            points = tuple(str(name) for name in manifest["points"])
            shapes = {name: tuple(int(n) for n in manifest["shapes"][name]) for name in TYPES}
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{folder / MANIFEST}: incomplete ({error})") from error
        frames, clips, dims = shapes["confidence"][0], shapes["rates"][0], shapes["coordinates"][-1]
        if shapes != _shapes(frames, len(points), dims, clips):
            raise DataError(f"{folder / MANIFEST}: the shapes do not fit together: {shapes}")
        store = cls(folder, points, {name: _mapped(folder, name, shape) for name, shape in shapes.items()})
        starts = store._arrays["starts"]
        if starts[0] != 0 or starts[-1] != frames or (np.diff(starts) < 1).any():
            raise DataError(f"{folder}: the clips do not follow each other")
        return store

    def __len__(self) -> int:
        return len(self._arrays["rates"])

    @property
    def lengths(self) -> list[int]:
        """Frames of every clip."""
        return [int(n) for n in np.diff(self._arrays["starts"])]

    def clip(self, item: int) -> Clip:
        """The clip number ``item``, read without touching any other."""
        if not 0 <= item < len(self):
            raise DataError(f"{self.folder}: clip {item} is not among its {len(self)}")
        first, last = (int(n) for n in self._arrays["starts"][item : item + 2])
        confidence = self._arrays["confidence"][first:last] * np.float32(1 / 255)
        origin, step = (each_axis(row, len(self.layout)) for row in self._arrays["scales"][item])
        numbers = self._arrays["coordinates"][first:last]
        rows = numbers.reshape(len(numbers), -1) * step
        rows += origin
        data = without(rows.reshape(numbers.shape), confidence == 0)
        fps, *scale = (float(n) for n in self._arrays["rates"][item])
        return Clip(data, confidence, self.layout, fps, (scale[0], scale[1], scale[2]))

    def verify(self) -> None:
        """Compare every file with its SHA-256; `DataError` names the ones that changed."""
        sums = _manifest(self.folder)["sha256"]
        wrong = [f"{self.folder / _file(name)}: has changed since it was written" for name in TYPES
                 if _digest(self.folder / _file(name)) != sums.get(name)]  # fmt: skip
        if wrong:
            raise DataError(wrong)


class StoreWriter:
    """Writes clips one after the other; the folder appears under its name when all are written, or never.

    >>> with StoreWriter(folder, points) as writer:  # doctest: +SKIP
    ...     item = writer.add(clip)
    """

    def __init__(self, folder: Path | str, points: tuple[str, ...], dims: int = 3) -> None:
        self.folder = Path(folder)
        if self.folder.exists():
            raise DataError(f"{self.folder}: exists already; remove it or choose another folder")
        self.points, self.dims = tuple(points), dims
        self._partial = self.folder.with_name(f".{self.folder.name}.{os.getpid()}.partial")
        shutil.rmtree(self._partial, ignore_errors=True)
        self._partial.mkdir(parents=True)
        self._files = {name: (self._partial / _file(name)).open("wb") for name in TYPES}
        self._sums = {name: hashlib.sha256() for name in TYPES}
        self._clips = self._frames = 0
        self._append("starts", np.zeros(1))

    def add(self, clip: Clip) -> int:
        """Write a clip (the points it does not have are missing) and return its item number."""
        clip = clip.take(self.points)
        if not len(clip) or clip.data.shape[-1] != self.dims:
            raise DataError(f"a clip of shape {clip.data.shape} does not fit a store of {self.dims} dimensions")
        coordinates, scale = _as_steps(clip)
        self._append("coordinates", coordinates)
        self._append("confidence", np.ceil(clip.confidence * np.float32(255)).clip(0, 255))
        self._append("scales", scale)
        self._append("rates", np.array([clip.fps, *clip.unit_scale]))
        self._frames += len(clip)
        self._clips += 1
        self._append("starts", np.array([self._frames]))
        return self._clips - 1

    def __enter__(self) -> StoreWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._finish()
        finally:
            for file in self._files.values():
                file.close()
            shutil.rmtree(self._partial, ignore_errors=True)

    def _finish(self) -> None:
        if not self._clips:
            raise DataError(f"{self.folder}: no clip was written")
        for file in self._files.values():
            _settle(file)
        shapes = _shapes(self._frames, len(self.points), self.dims, self._clips)
        sums = {name: digest.hexdigest() for name, digest in self._sums.items()}
        manifest = {"version": VERSION, "points": self.points, "shapes": shapes, "sha256": sums}
        with (self._partial / MANIFEST).open("w", encoding="utf-8") as text:
            json.dump(manifest, text, indent=1)
            _settle(text)
        self._partial.rename(self.folder)

    def _append(self, name: str, values: NDArray[Any]) -> None:
        data = np.ascontiguousarray(values.astype(TYPES[name])).tobytes()
        self._files[name].write(data)
        self._sums[name].update(data)


def opened(folder: Path) -> Store:
    """The store in ``folder``, opened once per process as long as it does not change."""
    try:
        changed = (folder / MANIFEST).stat().st_mtime_ns
    except OSError:
        changed = 0
    return _opened(folder, changed)


@lru_cache(maxsize=16)
def _opened(folder: Path, changed: int) -> Store:
    return Store.open(folder)


def _as_steps(clip: Clip) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Coordinates as whole numbers between the smallest and the largest of each axis, and origin and step."""
    seen = clip.confidence > 0
    points = clip.data.astype(np.float64)
    inside = points[seen] if seen.any() else np.zeros((1, points.shape[-1]))
    smallest, largest = inside.min(0), inside.max(0)
    step = np.where(largest > smallest, (largest - smallest) / STEPS, 1.0)
    numbers = np.where(seen[..., None], np.rint((points - smallest) / step) + LOWEST, 0).clip(LOWEST, LOWEST + STEPS)
    return numbers, np.stack([smallest - LOWEST * step, step])


def _shapes(frames: int, points: int, dims: int, clips: int) -> dict[str, tuple[int, ...]]:
    return {
        "coordinates": (frames, points, dims),
        "confidence": (frames, points),
        "starts": (clips + 1,),
        "scales": (clips, 2, dims),
        "rates": (clips, 4),
    }


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DataError(f"{folder}: no clip store, or an unfinished one ({MANIFEST} is missing)") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    if not isinstance(manifest, dict) or manifest.get("version") != VERSION:
        raise DataError(f"{path}: not a clip store of version {VERSION}; write it again")
    return manifest


def _mapped(folder: Path, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    path = folder / _file(name)
    needed = int(np.prod(shape)) * np.dtype(TYPES[name]).itemsize
    size = path.stat().st_size if path.is_file() else 0
    if size != needed or needed == 0:
        raise DataError(f"{path}: has {size} bytes, the manifest says {needed}")
    return np.memmap(path, TYPES[name], "r", shape=shape).view(np.ndarray)


def _settle(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _file(name: str) -> str:
    return f"{name}.bin"
