"""What finished and unfinished runs left behind: their metrics and figures, read with suspicion.

A tree of runs is never in order: some runs still train, some were killed, some files are foreign.  What can be read is
read, the rest is named with its problem and stops nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mmpt_sign.evaluation.metrics import METRICS
from mmpt_sign.evaluation.ranking import DIRECTIONS
from mmpt_sign.evaluation.report import FIGURES, SIGNATURE_COLUMNS
from mmpt_sign.evaluation.run import Run
from mmpt_sign.files import read_csv

SAME_FOR_ALL_SEEDS = tuple(column for column in SIGNATURE_COLUMNS if column not in ("checkpoint", "n_nonfinite"))
NEEDED = ("dataset", "split", "direction", "mode")
CLOSED = {"checkpoints", "model", "tensorboard", "slurm", "plots"}  # folders of a run that hold no figures


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of one run's ``metrics.csv``, with where it came from."""

    run: Run
    evaluation: str  # name of the folder under ``eval``
    values: Mapping[str, str]

    @property
    def name(self) -> str:
        """The experiment's own name, or that of the test that asked it something else than the plain test."""
        plain = f"{self.values['dataset']}_{self.values['split']}"
        other = self.evaluation.removeprefix(plain).removeprefix("_")
        return (other or self.run.experiment.rpartition("/")[2]).removeprefix("test_")

    @property
    def question(self) -> tuple[str, ...]:
        """What was measured; rows that share it differ by the seed alone."""
        same = (self.values.get(column) or "" for column in SAME_FOR_ALL_SEEDS)
        return (self.run.experiment, self.evaluation, *same)


@dataclass(frozen=True)
class Tree:
    """Everything below a folder of runs."""

    measured: tuple[Measured, ...]
    figures: tuple[Measured, ...]  # values: task, figure, value
    problems: tuple[tuple[str, str], ...]  # file, what is wrong


def read_tree(runs: Path) -> Tree:
    """All figures of all runs, in the order of their names."""
    measured: list[Measured] = []
    figures: list[Measured] = []
    problems: list[tuple[str, str]] = []
    for run in find_runs(runs):
        for path in sorted(_inside(run.folder / "eval")):
            metrics = path.name == "metrics.csv"
            try:
                rows = read_csv(path)
                (_check_metrics if metrics else _check_figures)(rows)
            except (OSError, ValueError, TypeError) as error:
                problems.append((str(path.relative_to(runs)), str(error)))
                continue
            evaluation = path.parent.relative_to(run.folder / "eval").as_posix()
            (measured if metrics else figures).extend(Measured(run, evaluation, row) for row in rows)
    return Tree(tuple(measured), tuple(figures), tuple(problems))


def find_runs(runs: Path) -> Iterator[Run]:
    """Every folder with ``eval`` or a training journal in it."""
    for place, folders, files in os.walk(runs):
        folders[:] = sorted(name for name in folders if name not in CLOSED and not name.startswith("."))
        if "eval" in folders or "train.jsonl" in files:
            folders[:] = [name for name in folders if name != "eval"]
            folder = Path(place)
            seed = re.fullmatch(r"seed-(\d+)", folder.name)
            named = folder.parent if seed else folder
            inside = named != runs and runs in named.parents
            name = named.relative_to(runs).as_posix() if inside else named.resolve().name
            yield Run(folder, name, seed[1] if seed else "")


def _inside(evaluations: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(evaluations):
        folders.sort()
        yield from (Path(place, name) for name in ("metrics.csv", FIGURES) if name in files)


def _check_metrics(rows: Sequence[Mapping[str, str]]) -> None:
    if not rows:
        raise ValueError("empty; predict again")
    missing = set(NEEDED) - set(rows[0])
    if missing:
        raise ValueError(f"not a table of metrics, it lacks {', '.join(sorted(missing))}; delete it or predict again")
    for number, row in enumerate(rows, 2):
        try:
            whole = None not in row.values() and row["direction"] in DIRECTIONS
            _ = [float(row[metric]) for metric in METRICS if row.get(metric)]
        except ValueError:
            whole = False
        if not whole:
            raise ValueError(f"line {number} is cut off or damaged; predict again")


def _check_figures(rows: Sequence[Mapping[str, str]]) -> None:
    for number, row in enumerate(rows, 2):
        try:
            float(row["value"])
            if not row["task"] or not row["figure"]:
                raise ValueError
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"line {number} is cut off or damaged; predict again") from error
