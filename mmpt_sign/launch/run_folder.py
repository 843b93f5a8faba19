"""Where the runs of an experiment are: ``runs/<project>/<experiment>[/seed-N]``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment


def run_name(experiment: Experiment) -> str:
    """The experiment whose run is meant: itself, the one it names, or, for a ``test_`` twin, the one it tests."""
    if experiment.run is not None:
        return experiment.run
    head, slash, stem = experiment.name.rpartition("/")
    return head + slash + stem.removeprefix("test_")


def run_folder(experiment: Experiment, seed: int | None = None) -> Path:
    """The folder of the run, one level deeper where several seeds were asked for."""
    folder = experiment.job.folder / run_name(experiment)
    return folder if seed is None else folder / f"seed-{seed}"


def evaluation_folder(run: Path, experiment: Experiment, split: str) -> Path:
    """``eval/<dataset>_<split>``, with the twin's own name added where it asks something else than the plain test."""
    stem = experiment.name.rpartition("/")[2]
    plain = stem.removeprefix("test_") == run_name(experiment).rpartition("/")[2]
    return run / "eval" / (f"{experiment.dataset.part_name}_{split}" + ("" if plain else f"_{stem}"))


def task_folder(run: Path, experiment: Experiment, task: Any) -> Path:
    """Where an evaluation task writes: by its data set and split, then its label; retrieval alone needs no label."""
    own = evaluation_folder(run, experiment, task.split)
    data = getattr(task, "dataset", None) or experiment.dataset
    label = getattr(task, "label", "") or ("" if task.part_name == "retrieval" else task.part_name)
    name = data.part_name + own.name.removeprefix(experiment.dataset.part_name)
    return own.with_name(f"{name}_{label}" if label else name)
