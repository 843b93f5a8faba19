"""Where each point usually is and how much it varies, to bring all points to one scale (sign-vq)."""

from __future__ import annotations

import zipfile
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from mmpt_sign.config.contracts import Options
from mmpt_sign.errors import DataError
from mmpt_sign.files import complete
from mmpt_sign.poses.clip import Clip, FloatArray, without

MAX_BYTES = 16 << 20
Rows = tuple[tuple[float, ...], ...]


class PointMeans(Options):
    """Mean and standard deviation of every coordinate, by the names of the points."""

    points: tuple[str, ...] = Field(min_length=1)
    mean: Rows
    deviation: Rows

    @model_validator(mode="after")
    def _fits(self) -> PointMeans:
        shapes = {len(rows) for rows in (self.points, self.mean, self.deviation)}
        widths = {len(row) for row in (*self.mean, *self.deviation)}
        if len(shapes) != 1 or len(widths) != 1 or not widths <= {2, 3}:
            raise ValueError("means: one row of 2 or 3 numbers per point in mean and in deviation")
        return self

    @cached_property
    def _rows(self) -> dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]]:
        mean, deviation = (np.asarray(rows, np.float32) for rows in (self.mean, self.deviation))
        deviation = np.where(deviation > 0, deviation, 1)
        return {name: (mean[i], deviation[i]) for i, name in enumerate(self.points)}

    def of(self, points: tuple[str, ...]) -> PointMeans:
        """Those of the given points; `DataError` names the ones that are not there."""
        missing = [name for name in points if name not in self._rows]
        if missing:
            raise DataError(f"the means have no {', '.join(missing[:5])}" + (" …" if len(missing) > 5 else ""))
        mean, deviation = (
            tuple(tuple(map(float, self._rows[name][part])) for name in points) for part in (0, 1)
        )  # fmt: skip
        return PointMeans(points=points, mean=mean, deviation=deviation)

    def write(self, path: Path) -> None:
        """As the ``.npz`` that `read_means` reads, under the very name given."""
        with complete(path) as fresh, fresh.open("wb") as file:
            np.savez(file, points=np.array(self.points), mean=np.array(self.mean), deviation=np.array(self.deviation))

    def standardised(self, clip: Clip) -> Clip:
        """Every point less its mean and divided by its deviation; a missing point stays zero."""
        mean, deviation = (np.stack([self._rows[name][part] for name in clip.layout.points]) for part in (0, 1))
        dims = clip.data.shape[-1]
        data: FloatArray = (clip.data - mean[:, :dims]) / deviation[:, :dims]
        return clip.with_data(without(data, clip.confidence == 0))


def read_means(path: Path) -> PointMeans:
    """From an ``.npz`` with the arrays points, mean and deviation."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
                raise DataError(f"{path}: larger than {MAX_BYTES >> 20} MiB, no table of means")
        with np.load(path, allow_pickle=False) as arrays:
            names, mean, deviation = (arrays[key] for key in ("points", "mean", "deviation"))
        return PointMeans(points=tuple(map(str, names)), mean=mean.tolist(), deviation=deviation.tolist())
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, TypeError) as error:
        raise DataError(f"{path}: no table of means with points, mean and deviation ({error})") from error
