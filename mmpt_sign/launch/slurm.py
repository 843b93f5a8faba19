"""Run jobs through SLURM with submitit; its local executor stands in where there is no cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mmpt_sign.errors import NotInstalledError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmpt_sign.launch.job import Job


@dataclass(frozen=True)
class Cluster:
    """What is asked of the scheduler."""

    partition: str | None = None
    hours: float = 24.0
    gpus: int = 1
    cpus: int = 8
    memory_gb: int = 32
    executor: str = "auto"


def submit(jobs: Sequence[Job], cluster: Cluster) -> list[Any]:
    """Queue every job; the returned handles tell state and result."""
    try:
        import submitit
    except ImportError as error:
        raise NotInstalledError("submitit", "train") from error
    handles = []
    for job in jobs:
        executor = submitit.AutoExecutor(
            folder=str(job.folder / "slurm"), cluster=None if cluster.executor == "auto" else cluster.executor
        )
        executor.update_parameters(**_parameters(job, cluster))
        handles.append(executor.submit(_work, job))
    return handles


def _parameters(job: Job, cluster: Cluster) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "name": job.experiment.name.replace("/", "."),
        "timeout_min": int(cluster.hours * 60),
        "cpus_per_task": cluster.cpus,
        "mem_gb": cluster.memory_gb,
    }
    if cluster.executor in ("auto", "slurm"):
        wanted |= {"gpus_per_node": cluster.gpus, "slurm_partition": cluster.partition}
    return {key: value for key, value in wanted.items() if value is not None}


def _work(job: Job) -> int:
    """Runs on the node: one process does the work itself, several go through torch's launcher there."""
    from mmpt_sign.launch.local import run_here

    return run_here(job)
