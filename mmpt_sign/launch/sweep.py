"""Many experiments one after the other: trained, then evaluated, going on where an earlier call stopped.

What a call finds finished it leaves alone, so the same command resumes a half-done sweep.  An experiment that fails is
noted and the rest goes on; each job is a process of its own.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from mmpt_sign.config.load import load_experiment
from mmpt_sign.errors import ConfigError, MmptSignError
from mmpt_sign.files import write_csv
from mmpt_sign.launch.job import Job, JobType, jobs
from mmpt_sign.launch.local import run_child
from mmpt_sign.launch.run_folder import run_name, task_folder

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment

COLUMNS = ("experiment", "seed", "job", "state", "seconds", "video_to_text R@1", "text_to_video R@1", "problem")
STOPPED = 130


@dataclass(frozen=True)
class Step:
    """A job of a sweep and how it ended."""

    job: Job
    state: str = "waiting"
    seconds: float = 0.0
    problem: str = ""

    def row(self) -> dict[str, object]:
        """As a line of the summary."""
        figures = _headline(self.job) if self.job.predicts and self.state in ("done", "done before") else {}
        return {
            "experiment": self.job.experiment.name, "seed": self.job.experiment.seed, "job": str(self.job.kind),
            "state": self.state, "seconds": round(self.seconds, 1), "problem": self.problem, **figures,
        }  # fmt: skip


def files_in(folder: Path) -> list[Path]:
    """Every experiment of a folder of YAML files."""
    found = sorted(path for path in folder.rglob("*.yaml") if "base" not in path.relative_to(folder).parts[:-1])
    if not found:
        raise ConfigError(f"{folder}: {'holds no experiment' if folder.is_dir() else 'no such folder'}")
    return found


def planned(
    files: Sequence[Path], kind: JobType, then: JobType | None, *, seeds: Sequence[int], overrides: Sequence[str]
) -> list[Step]:
    """Training jobs in an order in which each starts from weights already there, each with its tests behind it.

    A ``test_`` twin is a test of what it names; an experiment without any is tested by itself.  Every file is checked
    before the first job starts.
    """
    loaded = _loaded(files, overrides)
    trained = {e.name: (file, e) for file, e in loaded if not file.stem.startswith("test")}
    steps: list[Step] = []
    for name in _in_order({name: e for name, (_, e) in trained.items()}):
        file, experiment = trained[name]
        if kind is not JobType.LOCAL_PREDICT:
            steps += _steps(file, experiment, kind, seeds, overrides)
        twins = [pair for pair in loaded if pair[0].stem.startswith("test") and run_name(pair[1]) == name]
        if then or kind is JobType.LOCAL_PREDICT:
            for twin_file, twin in twins or [(file, experiment)]:
                steps += _steps(twin_file, twin, JobType.LOCAL_PREDICT, seeds, overrides)
    return steps


def run(steps: Sequence[Step], summary: Path, report: Callable[[str], None]) -> list[Step]:
    """Every step that is not done yet; ``summary`` is rewritten after each, so that it survives a kill."""
    import time

    ended: list[Step] = []
    failed: set[str] = set()
    for number, step in enumerate(steps, 1):
        job = step.job
        place = f"[{number}/{len(steps)}] {job.kind} {job.experiment.name} seed {job.experiment.seed}"
        if str(job.folder) in failed:
            done = replace(step, state="left out", problem="its training failed")
        elif is_finished(job):
            done = replace(step, state="done before")
        else:
            report(place)
            began = time.monotonic()
            code = run_child(job.command(), dict(os.environ))
            if code in (STOPPED, 128 + 2, 128 + 15):
                raise KeyboardInterrupt
            seconds = time.monotonic() - began
            done = replace(step, state="failed" if code else "done", seconds=seconds,
                           problem=f"exit code {code}" if code else "")  # fmt: skip
            failed |= {str(job.folder)} if code and not job.predicts else set()
        report(f"{place}: {done.state} {done.problem}".rstrip())
        ended.append(done)
        write_csv(summary, COLUMNS, (each.row() for each in [*ended, *steps[number:]]))
    return ended


def is_finished(job: Job) -> bool:
    """Whether the run was trained to the end that its YAML asks for; whether it was judged since."""
    model = job.folder / "model" / "config.json"
    if not model.is_file():
        return False
    if job.predicts:
        folders = [task_folder(job.folder, job.experiment, task) for task in job.experiment.evaluate.tasks]
        made = [next(iter(sorted(folder.glob("*.csv"))), None) for folder in folders]
        return all(path is not None and path.stat().st_mtime >= model.stat().st_mtime for path in made)
    try:
        asked = json.loads((job.folder / "finished.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(asked == {"optim": job.experiment.optim.model_dump(mode="json")})


def _loaded(files: Sequence[Path], overrides: Sequence[str]) -> list[tuple[Path, Experiment]]:
    found, problems = [], []
    for file in files:
        try:
            found.append((file, load_experiment(file, overrides)))
        except MmptSignError as error:
            problems.append(str(error))
    if problems:
        raise ConfigError(problems)
    return found


def _steps(
    file: Path, experiment: Experiment, kind: JobType, seeds: Sequence[int], overrides: Sequence[str]
) -> list[Step]:
    return [Step(job) for job in jobs(file, experiment, kind, seeds=seeds, overrides=overrides)]


def _in_order(experiments: dict[str, Experiment]) -> list[str]:
    """Names, those first from whose runs others start."""
    ordered: list[str] = []

    def add(name: str, waiting: tuple[str, ...]) -> None:
        if name in waiting:
            raise ConfigError(f"{name} starts from its own outcome: {' -> '.join((*waiting, name))}")
        if name in ordered:
            return
        start = experiments[name].init_from
        for other in experiments:
            if start is not None and start.model.as_posix().endswith(other):
                add(other, (*waiting, name))
        ordered.append(name)

    for name in experiments:
        add(name, ())
    return ordered


def _headline(job: Job) -> dict[str, str]:
    """Strict R@1 of the first task, as its file has it."""
    folder = task_folder(job.folder, job.experiment, job.experiment.evaluate.tasks[0])
    try:
        with (folder / "metrics.csv").open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["mode"] == "strict"]
    except (OSError, KeyError):
        return {}
    return {f"{row['direction']} R@1": row["R@1"] for row in rows}
