"""Means and deviations of the points of an experiment's training clips, one clip in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from mmpt_sign.datasets._stores import experiment_records
from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.poses.arrays import read_source
from mmpt_sign.poses.means import PointMeans
from mmpt_sign.streams.pose import Pose

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment
    from mmpt_sign.records import Record

Progress = Callable[[Sequence["Record"]], Iterable["Record"]]


def measured(experiment: Experiment, stream: str, progress: Progress) -> tuple[PointMeans, int]:
    """The means, taken as the stream hands clips on before it standardises them, and the number of clips."""
    name = stream or next((key for key, part in experiment.streams.items() if isinstance(part, Pose)), "")
    part = experiment.streams.get(name)
    if not isinstance(part, Pose):
        raise ConfigError(f"{experiment.name}: no pose stream '{name}' to take means of")
    part = part.model_copy(update={"standardise": None})
    records = [record for record in experiment_records(experiment) if record.split == "train"]
    points: tuple[str, ...] = ()
    sums: list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]] = []
    for record in progress(records):
        source = record.source_of(name)
        if source is None:
            continue
        clip = read_source(source)
        if not points:
            part = part.fixed_to(clip.layout)
            points = part.point_names or ()
            sums = [np.zeros((len(points), width)) for width in (1, part.dims, part.dims)]
        clip = part.prepare(clip)
        sums[0] += (clip.confidence > 0).sum(0)[:, None]
        sums[1] += clip.data.sum(0, dtype=np.float64)
        sums[2] += np.square(clip.data, dtype=np.float64).sum(0)
    if not points:
        raise DataError(f"{experiment.name}: no training clips to take means of")
    count = np.maximum(sums[0], 1)
    mean = sums[1] / count
    deviation = np.sqrt(np.maximum(sums[2] / count - mean**2, 0))
    return PointMeans(points=points, mean=mean.tolist(), deviation=deviation.tolist()), len(records)
