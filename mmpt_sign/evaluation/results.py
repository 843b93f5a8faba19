"""Finished runs as tables: every row, means over seeds, the published figures beside our own, and a page to read.

A number in ``results/`` is never typed by hand: `collect` reads what the runs left behind, and ``published.csv``, which
holds the figures of the papers as data, is the only input that is kept there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.intervals import mean_and_ends
from mmpt_sign.evaluation.metrics import METRICS
from mmpt_sign.evaluation.published import write_beside
from mmpt_sign.evaluation.report import METRIC_COLUMNS
from mmpt_sign.evaluation.result_pages import write_pages
from mmpt_sign.evaluation.run_tree import SAME_FOR_ALL_SEEDS, Measured, read_tree
from mmpt_sign.files import write_csv

SKIPPED = "skipped.csv"
WHERE = ("experiment", "seed", "evaluation")
STATISTICS = tuple(f"{metric}{end}" for metric in METRICS for end in ("", "_low", "_high"))
SUMMARY = ("experiment", "evaluation", *SAME_FOR_ALL_SEEDS, "n_seeds", "seeds", *STATISTICS, "notes")
OTHERS = ("experiment", "evaluation", "task", "figure", "n_seeds", "seeds", "value", "value_low", "value_high")


def collect(runs: Path, out: Path) -> list[Path]:
    """Write the tables and pages of all runs; the same runs give the same bytes.

    What cannot be read is left out and listed in ``skipped.csv``.
    """
    tree = read_tree(runs)
    if not tree.measured and not tree.figures:
        broken = [f"{runs / file}: {problem}" for file, problem in tree.problems]
        raise DataError(
            broken or f"no eval/*/metrics.csv below {runs}: run a predict job first (--jobtype local_predict)"
        )
    questions = by_question(tree.measured)
    summary = [_summary_row(seeds) for seeds in questions]
    others = list(_others(tree.figures))
    written = []
    if tree.measured:
        written = [_write_rows(out / "runs.csv", tree.measured), write_csv(out / "summary.csv", SUMMARY, summary)]
    if others:
        written.append(write_csv(out / "figures.csv", OTHERS, others))
    beside = write_beside(out, questions)
    written += [*beside, *write_pages(out, summary, others, beside)]
    (out / SKIPPED).unlink(missing_ok=True)
    if tree.problems:
        rows = ({"file": file, "problem": problem} for file, problem in tree.problems)
        written.append(write_csv(out / SKIPPED, ("file", "problem"), rows))
    return written


def by_question(rows: Iterable[Measured]) -> list[list[Measured]]:
    """Rows that differ by the seed alone; of a seed that ran twice the one in a folder of its own counts."""
    found: dict[tuple[str, ...], dict[str, Measured]] = {}
    for row in rows:
        found.setdefault(row.question, {})[row.run.seed] = row
    return [list(seeds.values()) for seeds in found.values()]


def _write_rows(path: Path, rows: Sequence[Measured]) -> Path:
    shown = (
        {column: row.values.get(column, "") for column in METRIC_COLUMNS}
        | {"experiment": row.run.experiment, "seed": row.run.seed, "evaluation": row.evaluation, "notes": row.run.notes}
        for row in rows
    )
    return write_csv(path, (*WHERE, *METRIC_COLUMNS, "notes"), shown)


def _summary_row(seeds: Sequence[Measured]) -> dict[str, Any]:
    """Mean and 95 % t-interval of each metric over the seeds of an experiment."""
    first = seeds[0]
    row: dict[str, Any] = {column: first.values.get(column, "") for column in SAME_FOR_ALL_SEEDS}
    row |= {"experiment": first.run.experiment, "evaluation": first.evaluation, "notes": first.run.notes}
    row |= {"n_seeds": len(seeds), "seeds": " ".join(one.run.seed for one in seeds)}
    for metric in METRICS:
        row |= mean_and_ends(metric, [float(one.values[metric]) for one in seeds if one.values.get(metric)])
    return row


def _others(figures: Iterable[Measured]) -> Iterable[dict[str, Any]]:
    """The headline figures of the tasks that are no retrieval, means over seeds."""
    found: dict[tuple[str, ...], dict[str, float]] = {}
    for one in figures:
        key: tuple[str, ...] = (one.run.experiment, one.evaluation, one.values["task"], one.values["figure"])
        found.setdefault(key, {})[one.run.seed] = float(one.values["value"])
    for key, seeds in found.items():
        named = dict(zip(OTHERS, key, strict=False))
        yield {**named, "n_seeds": len(seeds), "seeds": " ".join(seeds), **mean_and_ends("value", list(seeds.values()))}
