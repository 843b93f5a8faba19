"""Train one experiment in this process: the entry of every training job."""

from __future__ import annotations

import json
import logging
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from fairseq import tasks, utils
from fairseq.distributed import utils as distributed
from fairseq.trainer import Trainer

from mmpt_sign.batches.collate import pad_ids
from mmpt_sign.batches.sampler import updates_per_epoch
from mmpt_sign.errors import CheckpointError, ConfigError
from mmpt_sign.files import write_text
from mmpt_sign.models.initial import start_from
from mmpt_sign.text.weights import searched_in
from mmpt_sign.training import criterion, network, optimizer, schedule, task  # noqa: F401  (they register themselves)
from mmpt_sign.training.arguments import fairseq_config
from mmpt_sign.training.engine import LAST, Engine
from mmpt_sign.training.same_run import check_same_run
from mmpt_sign.training.workload import Workload

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment

STORED = "experiment.json"
MOST_PROMPTS = 4096


def train(experiment: Experiment, folder: Path, processes: int = 1) -> None:
    """Train into ``folder``, going on from its last checkpoint.  Raises `Stopped` after a clean stop."""
    _check_processes(processes)
    if experiment.job.threads:
        torch.set_num_threads(experiment.job.threads)
    folder = folder.resolve()
    if (folder / "checkpoints" / LAST).is_file():
        check_same_run(experiment, folder / STORED)
    if int(os.environ.get("RANK", 0)) == 0 or not (folder / STORED).is_file():
        store(experiment, folder)
    logging.getLogger("fairseq").setLevel(logging.WARNING)
    with searched_in(experiment.data_root):
        distributed.call_main(_configuration(experiment, folder, processes), _main, folder=folder)
    if not (folder / "model" / "config.json").is_file():
        raise CheckpointError(f"{folder}: training ended without writing a model")


def _configuration(experiment: Experiment, folder: Path, processes: int) -> Any:
    answers = [record.answer for record in Workload(experiment).split("train")]
    planned = updates_per_epoch(answers, experiment, processes) * experiment.optim.epochs
    total = min(experiment.optim.max_updates or planned, planned)
    return fairseq_config(experiment, folder / STORED, folder / "checkpoints", total, processes)


def _main(cfg: Any, folder: Path) -> None:
    work = tasks.setup_task(cfg.task)
    utils.set_torch_seed(cfg.common.seed)
    model = work.build_model(cfg.model)
    if work.experiment.init_from is not None:
        start_from(model.network, work.experiment.init_from, work.experiment.seed)
    _fit_text(model.network, work.workload)
    Engine(Trainer(cfg, work, model, work.build_criterion(cfg.criterion)), work, folder).run()


def _fit_text(dual_encoder: Any, workload: Any) -> None:
    """Show the text tower the training prompts before the first update; a resumed run reloads what it learned then.

    Centre and spread that came with the weights of a standardised model stay: its projection was trained behind them.
    """
    text = dual_encoder.text
    if not getattr(text, "standardise", False) or (text.centre.any() and text.spread != 1):
        return
    prompts = sorted({text for record in workload.split("train") for text in record.texts})[:MOST_PROMPTS]
    rows = workload.tokenizer.encode(prompts, workload.experiment.text.max_tokens)
    text.fit(*pad_ids(rows, workload.tokenizer.pad_id))


def _check_processes(processes: int) -> None:
    """The number of processes never differs silently from what was asked."""
    running = int(os.environ.get("WORLD_SIZE", 1))
    if running != processes:
        raise ConfigError(
            f"{processes} processes were asked for but {running} are running: start through locallaunch.py"
        )


def store(experiment: Experiment, folder: Path) -> Path:
    """Write the resolved experiment, as YAML for people and as JSON for the job, with the versions that made it."""
    import yaml

    folder.mkdir(parents=True, exist_ok=True)
    values = experiment.model_dump(mode="json")
    made_by = {
        "mmpt_sign": _version("mmpt_sign"),
        "torch": _version("torch"),
        "transformers": _version("transformers"),
        "fairseq": _version("fairseq"),
        "python": platform.python_version(),
        "commit": _commit(),
    }
    whole = yaml.safe_dump({**values, "made_by": made_by}, sort_keys=False, allow_unicode=True)
    write_text(folder / "config.yaml", whole)
    write_text(folder / STORED, json.dumps(values, indent=1) + "\n")
    return folder / STORED


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str | None:
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or None
