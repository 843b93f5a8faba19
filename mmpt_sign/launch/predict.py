"""The predict job: every evaluation task of an experiment on a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmpt_sign.datasets._stores import experiment_records
from mmpt_sign.errors import ConfigError
from mmpt_sign.evaluation.prompts import meaning
from mmpt_sign.evaluation.variants import with_streams
from mmpt_sign.inference.load import load
from mmpt_sign.launch.run_folder import task_folder
from mmpt_sign.launch.test_time import asked_of_streams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmpt_sign.config.contracts import Dataset
    from mmpt_sign.config.schema import Experiment
    from mmpt_sign.records import Record


def predict(experiment: Experiment, run: Path) -> dict[str, dict[str, float]]:
    """Evaluate the run's model; each task leaves its files in a folder of its own in ``eval/`` of the run.

    A task may name another data set than the experiment's own.  The figures come back under the names of the folders.
    """
    folders = _folders(experiment, run)
    model = load(run, device=experiment.job.device)
    model = with_streams(model, asked_of_streams(model, experiment))
    known: list[tuple[Dataset, Sequence[Record]]] = []

    def records_of(dataset: Dataset) -> Sequence[Record]:
        found = next((records for other, records in known if other == dataset), None)
        if found is None:
            own = dataset == experiment.dataset
            found = experiment_records(experiment) if own else list(dataset.records(experiment.data_root))
            known.append((dataset, found))
        return found

    figures = {}
    for task, folder in zip(experiment.evaluate.tasks, folders, strict=True):
        dataset = getattr(task, "dataset", None)
        if dataset is not None and getattr(task, "seen", ()) is None and getattr(task, "queries", "all") != "all":
            task = task.model_copy(update={"seen": _seen(records_of(experiment.dataset))})
        figures[folder.name] = task.run(model, records_of(dataset or experiment.dataset), folder)
    return figures


def _seen(records: Sequence[Record]) -> tuple[str, ...]:
    """What the experiment's own training split means, for tasks on another data set."""
    return tuple(sorted({meaning(record) for record in records if record.split == "train"}))


def _folders(experiment: Experiment, run: Path) -> list[Path]:
    """Where each task writes; two in one place are told before anything is embedded."""
    tasks: list[Any] = list(experiment.evaluate.tasks)
    folders = [task_folder(run, experiment, task) for task in tasks]
    twice = sorted({folder.name for folder in folders if folders.count(folder) > 1})
    if twice:
        raise ConfigError(
            [f"evaluate.tasks: several tasks write to eval/{name}; give all but one a label" for name in twice]
        )
    return folders
