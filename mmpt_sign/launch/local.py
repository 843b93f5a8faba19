"""Run jobs on this machine: in this process, or through torch's own launcher for several processes."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING, Any

from mmpt_sign.errors import ConfigError

if TYPE_CHECKING:
    from mmpt_sign.launch.job import Job

GRACE_SECONDS = 60


def run_here(job: Job) -> int:
    """Do the job and return its exit code; a single process needs no child."""
    if job.processes == 1:
        from mmpt_sign.launch.worker import work

        return work(job.experiment, job.folder, predicts=job.predicts, processes=1)
    check_devices(job)
    return run_child(job.command(), _environment(job))


def check_devices(job: Job) -> None:
    """Refuse to put several processes on fewer GPUs: it would train something else than was asked."""
    import torch

    if job.experiment.job.device == "cpu" or not torch.cuda.is_available():
        return
    if torch.cuda.device_count() < job.processes:
        raise ConfigError(
            f"{job.kind} trains {job.processes} processes but this machine has {torch.cuda.device_count()} GPUs: "
            "use --jobtype local_single, give --processes, or set job.device=cpu"
        )


def run_child(command: list[str], environment: dict[str, str]) -> int:
    """Run a command in a process group of its own; Ctrl-C and a kill are passed on and its exit code comes back."""
    child = subprocess.Popen(command, env=environment, start_new_session=True)
    previous = {
        number: signal.signal(number, lambda number, frame: _pass_on(child, number))
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        code = child.wait()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
    return code if code >= 0 else 128 - code


def _pass_on(child: subprocess.Popen[Any], number: int) -> None:
    if child.poll() is None:
        os.killpg(child.pid, number)


def _environment(job: Job) -> dict[str, str]:
    environment = dict(os.environ)
    cores = len(os.sched_getaffinity(0))
    environment.setdefault("OMP_NUM_THREADS", str(max(1, cores // job.processes)))
    return environment
