"""What a launch does, as plain data: so that ``--dryrun`` can show exactly what would run."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from mmpt_sign.errors import ConfigError
from mmpt_sign.launch.run_folder import run_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmpt_sign.config.schema import Experiment


class JobType(StrEnum):
    """The original's job types, plus SLURM."""

    LOCAL_SINGLE = "local_single"
    LOCAL_SMALL = "local_small"
    LOCAL_BIG = "local_big"
    LOCAL_PREDICT = "local_predict"
    SLURM = "slurm"


PROCESSES = {JobType.LOCAL_SINGLE: 1, JobType.LOCAL_SMALL: 2, JobType.LOCAL_BIG: 4, JobType.LOCAL_PREDICT: 1}
LARGEST_SEED, MOST_SEEDS = 2**31 - 1, 1000


@dataclass(frozen=True)
class Job:
    """One experiment, one seed, one way of running it."""

    experiment: Experiment
    file: Path
    kind: JobType
    folder: Path
    processes: int
    overrides: tuple[str, ...] = ()

    @property
    def predicts(self) -> bool:
        """A predict job measures a finished run."""
        return self.kind is JobType.LOCAL_PREDICT

    def command(self) -> list[str]:
        """The command line that does the work of this job, as one process of it would be started."""
        verb = "predict" if self.predicts else "train"
        words = ["-m", "mmpt_sign.launch.worker", verb, str(self.file), "--folder", str(self.folder)]
        words += ["--processes", str(self.processes)] + [part for o in self.overrides for part in ("-o", o)]
        if self.processes == 1:
            return [sys.executable, *words]
        count = ["--nproc_per_node", str(self.processes)]
        return [sys.executable, "-m", "torch.distributed.run", "--standalone", *count, *words]

    def __str__(self) -> str:
        return shlex.join(self.command())


def jobs(
    file: Path,
    experiment: Experiment,
    kind: JobType,
    *,
    seeds: Sequence[int] = (),
    overrides: Sequence[str] = (),
    processes: int | None = None,
) -> list[Job]:
    """One job per seed; without seeds one job with the experiment's own."""
    count = processes or PROCESSES.get(kind, 1)
    made = []
    for seed in seeds or (None,):
        chosen = experiment if seed is None else experiment.model_copy(update={"seed": seed})
        extra = () if seed is None else (f"seed={seed}",)
        folder = run_folder(chosen, seed)
        made.append(Job(chosen, file, kind, folder, count, (*overrides, *extra)))
    return made


def parse_seeds(text: str | None) -> list[int]:
    """``0,1,2`` or ``0-4`` as numbers; without a text none."""
    if not text:
        return []
    try:
        ranges = [_range(part) for part in text.split(",") if part.strip()]
    except ValueError:
        ranges = []
    if not ranges or not all(0 <= each.start < each.stop <= LARGEST_SEED + 1 for each in ranges):
        raise ConfigError(
            f"--seeds {text}: write numbers from 0 to {LARGEST_SEED} such as 0,1,2, or ranges upwards such as 0-4"
        )
    if sum(map(len, ranges)) > MOST_SEEDS:
        raise ConfigError(f"--seeds {text}: at most {MOST_SEEDS} seeds are launched at once")
    seeds = [seed for each in ranges for seed in each]
    if len(set(seeds)) < len(seeds):
        raise ConfigError(f"--seeds {text}: names a seed twice; each has one folder, so name it once")
    return seeds


def _range(text: str) -> range:
    first, dash, last = text.partition("-")
    return range(int(first), int(last if dash else first) + 1)
