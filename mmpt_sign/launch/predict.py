"""The predict job: every evaluation task of an experiment on a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mmpt_sign.inference.load import load
from mmpt_sign.launch.run_folder import evaluation_folder

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment


def predict(experiment: Experiment, run: Path) -> dict[str, dict[str, float]]:
    """Evaluate the run's model on the experiment's data set; CSV files land in ``eval/`` of the run."""
    model = load(run, device=experiment.job.device)
    records = list(experiment.dataset.records(experiment.data_root))
    return {
        task.part_name: task.run(model, records, evaluation_folder(run, experiment, task.split))
        for task in experiment.evaluate.tasks
    }
