"""Train one experiment in this process: the entry of every training job."""

from __future__ import annotations

import json
import logging
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmpt_sign.errors import CheckpointError, ConfigError

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment

STORED = "experiment.json"
MOST_PROMPTS = 4096


def train(experiment: Experiment, folder: Path, processes: int = 1) -> None:
    """Train into ``folder``, going on from its last checkpoint.  Raises `Stopped` after a clean stop."""
    from mmpt_sign.training.fairseq_shim import require_fairseq

    require_fairseq()
    import torch

    _check_processes(processes)
    if experiment.job.threads:
        torch.set_num_threads(experiment.job.threads)
    folder = folder.resolve()
    if int(os.environ.get("RANK", 0)) == 0:
        store(experiment, folder)
    logging.getLogger("fairseq").setLevel(logging.WARNING)
    cfg = _configuration(experiment, folder, processes)
    from fairseq.distributed import utils as distributed

    distributed.call_main(cfg, _main, folder=folder)
    if not (folder / "model" / "config.json").is_file():
        raise CheckpointError(f"{folder}: training ended without writing a model")


def _configuration(experiment: Experiment, folder: Path, processes: int) -> Any:
    from mmpt_sign.batches.sampler import updates_per_epoch
    from mmpt_sign.training import criterion, network, optimizer, task  # noqa: F401  (they register themselves)
    from mmpt_sign.training.arguments import fairseq_config
    from mmpt_sign.training.workload import Workload

    records = Workload(experiment).split("train")
    steps = updates_per_epoch([record.answer for record in records], experiment, processes)
    total = min(experiment.optim.max_updates or steps * experiment.optim.epochs, steps * experiment.optim.epochs)
    stored = folder / STORED
    if not stored.is_file():
        stored = store(experiment, folder)
    return fairseq_config(experiment, stored, folder / "checkpoints", total, processes)


def _main(cfg: Any, folder: Path) -> None:
    from fairseq import tasks
    from fairseq.trainer import Trainer

    from mmpt_sign.training.engine import Engine

    task = tasks.setup_task(cfg.task)
    import fairseq.utils

    fairseq.utils.set_torch_seed(cfg.common.seed)
    model = task.build_model(cfg.model)
    start = task.experiment.init_from
    if start is not None:
        from mmpt_sign.models.initial import start_from

        start_from(model.network, start)
    else:
        _fit_text(model.network, task.workload)
    criterion = task.build_criterion(cfg.criterion)
    Engine(Trainer(cfg, task, model, criterion), task, folder).run()


def _fit_text(network: Any, workload: Any) -> None:
    """Show the text tower the training prompts before the first update; a resumed run reloads what it learned then."""
    if not hasattr(network.text, "fit"):
        return
    from mmpt_sign.batches.collate import pad_ids

    prompts = sorted({text for record in workload.split("train") for text in record.texts})[:MOST_PROMPTS]
    rows = workload.tokenizer.encode(prompts, workload.experiment.text.max_tokens)
    network.text.fit(*pad_ids(rows, workload.tokenizer.pad_id))


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
    _write(folder / "config.yaml", yaml.safe_dump({**values, "made_by": made_by}, sort_keys=False, allow_unicode=True))
    _write(folder / STORED, json.dumps(values, indent=1) + "\n")
    return folder / STORED


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    os.replace(fresh, path)


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError

    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _commit() -> str | None:
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    return found.stdout.strip() or None
