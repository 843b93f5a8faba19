"""A finished run beside a nearest neighbour and chance, as one table."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.ranking import Direction
from mmpt_sign.evaluation.references import NearestNeighbour, chance
from mmpt_sign.evaluation.report import comparison
from mmpt_sign.launch.run_folder import task_folder
from mmpt_sign.models.checkpoint import load_config
from mmpt_sign.poses.arrays import read_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from mmpt_sign.config.schema import Experiment
    from mmpt_sign.records import Record

Figures = dict[Direction, dict[str, float]]


def compared(experiment: Experiment, run: Path, records: Sequence[Record]) -> Table:
    """The table of the first retrieval task on its own data set of an experiment whose predict job is done."""
    tasks: list[Any] = [task for task in experiment.evaluate.tasks if task.part_name == "retrieval"]
    task = next(task for task in tasks if task.dataset is None)
    folder = task_folder(run, experiment, task)
    if not (folder / "metrics.csv").is_file():
        raise DataError(
            f"{folder}: has no metrics.csv; run a predict job first: mmpt-sign launch {experiment.name} "
            "--jobtype local_predict"
        )
    model, ranges = _figures(folder / "metrics.csv")
    baseline = folder.with_name(folder.name + "_nearest_neighbour")
    task.model_copy(update={"bootstrap": 0, "plots": False, "streams": {}}).run(
        _nearest(run, records), records, baseline
    )
    systems = {
        "model": model,
        "nearest neighbour": _figures(baseline / "metrics.csv")[0],
        "chance": chance(task, records),
    }
    return comparison(
        systems, title=f"{experiment.name}: {task.split} split of {experiment.dataset.part_name}", ranges=ranges
    )


def _nearest(run: Path, records: Sequence[Record]) -> NearestNeighbour:
    name, stream = next(iter(load_config(run / "model")[0].streams.items()))
    return NearestNeighbour(records, lambda record: stream.encode(stream.prepare(read_source(record.source_of(name)))))


def _figures(path: Path) -> tuple[Figures, dict[Direction, tuple[float, float]]]:
    """The strict figures of a metrics file and, where it has them, the intervals of R@1."""
    with path.open(encoding="utf-8", newline="") as file:
        rows: list[Any] = [row for row in csv.DictReader(file) if row["mode"] == "strict"]
    figures: Figures = {}
    ranges: dict[Direction, tuple[float, float]] = {}
    for row in rows:
        if row["direction"] in figures:
            continue  # the first row is the headline; others are of further galleries or similarities
        figures[row["direction"]] = {key: float(row[key]) for key in ("R@1", "R@5", "R@10", "MedR")}
        if row["R@1_low"]:
            ranges[row["direction"]] = (float(row["R@1_low"]), float(row["R@1_high"]))
    return figures, ranges
