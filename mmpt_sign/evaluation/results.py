"""Finished runs as tables: every row, means over seeds, and the published figures beside our own.

A number in ``results/`` is never typed by hand: `collect` reads the ``metrics.csv`` files of the runs, and
``published.csv``, which holds the figures of the papers as data, is the only input that is kept there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.metrics import METRICS
from mmpt_sign.evaluation.report import METRIC_COLUMNS, SIGNATURE_COLUMNS
from mmpt_sign.files import read_csv, write_csv

PUBLISHED = "published.csv"
ORIGINAL_COLUMNS = {
    **{f"T2V_P@{k}": ("text_to_video", f"P@{k}") for k in (1, 5, 10)},
    "T2V_Median R": ("text_to_video", "MedR"),
    **{f"V2T_R@{k}": ("video_to_text", f"R@{k}") for k in (1, 5, 10)},
    "V2T_Median R": ("video_to_text", "MedR"),
}
SAME_FOR_ALL_SEEDS = tuple(column for column in SIGNATURE_COLUMNS if column not in ("checkpoint", "n_nonfinite"))


@dataclass(frozen=True, slots=True)
class Measured:
    """One row of one run's ``metrics.csv``, with where it came from."""

    experiment: str
    seed: str
    evaluation: str  # name of the folder under ``eval``
    notes: str
    values: Mapping[str, str]

    @property
    def name(self) -> str:
        """The experiment's own name, or that of the test that asked it something else than the plain test."""
        plain = f"{self.values['dataset']}_{self.values['split']}"
        other = self.evaluation.removeprefix(plain).removeprefix("_")
        return (other or self.experiment.rpartition("/")[2]).removeprefix("test_")

    @property
    def question(self) -> tuple[str, ...]:
        """What was measured; rows that share it differ by the seed alone."""
        return (self.experiment, self.evaluation, *(self.values.get(column, "") for column in SAME_FOR_ALL_SEEDS))


def collect(runs: Path, out: Path) -> list[Path]:
    """Write ``runs.csv``, ``summary.csv`` and one table per published one; the same runs give the same bytes."""
    rows = [row for path in _metric_files(runs) for row in _read(path, runs)]
    if not rows:
        raise DataError(f"no eval/*/metrics.csv below {runs}: run a predict job first (--jobtype local_predict)")
    written = [_write_rows(out / "runs.csv", rows), _write_summary(out / "summary.csv", rows)]
    published = read_csv(out / PUBLISHED) if (out / PUBLISHED).is_file() else []
    for table in sorted({row["table"] for row in published}):
        known = [row for row in published if row["table"] == table]
        beside = _beside(rows, known)
        if beside:
            written.append(_write_beside(out / f"results_{table}.csv", beside))
    return written


def _metric_files(runs: Path) -> list[Path]:
    return sorted(path for path in runs.rglob("metrics.csv") if "eval" in path.relative_to(runs).parts[:-2])


def _read(path: Path, runs: Path) -> list[Measured]:
    parts = path.relative_to(runs).parts
    place = len(parts) - 1 - parts[::-1].index("eval")
    values, config = read_csv(path), _config(runs.joinpath(*parts[:place], "config.yaml"))
    missing = {"dataset", "split", "direction", "mode"} - set(values[0] if values else ())
    if missing:
        raise DataError(
            f"{path}: not a table of metrics, it lacks {', '.join(sorted(missing))}; delete it or predict again"
        )
    seed_folder = re.fullmatch(r"seed-(\d+)", parts[place - 1]) if place else None
    experiment = "/".join(parts[: place - 1] if seed_folder else parts[:place])
    seed = seed_folder[1] if seed_folder else str(config.get("seed", ""))
    notes = str(config.get("notes") or "")
    return [Measured(experiment, seed, "/".join(parts[place + 1 : -1]), notes, row) for row in values]


def _config(path: Path) -> dict[str, Any]:
    """The resolved experiment of a run; an imported model has none."""
    import yaml

    found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    return found if isinstance(found, dict) else {}


def _write_rows(path: Path, rows: Sequence[Measured]) -> Path:
    columns = ("experiment", "seed", "evaluation", *METRIC_COLUMNS, "notes")
    own = ({"experiment": r.experiment, "seed": r.seed, "evaluation": r.evaluation, "notes": r.notes} for r in rows)
    shown = (
        {column: r.values.get(column, "") for column in METRIC_COLUMNS} | o for r, o in zip(rows, own, strict=True)
    )
    return write_csv(path, columns, shown)


def _write_summary(path: Path, rows: Iterable[Measured]) -> Path:
    """Mean and 95 % t-interval of each metric over the seeds of an experiment."""
    statistics = tuple(f"{metric}{end}" for metric in METRICS for end in ("", "_low", "_high"))
    columns = ("experiment", "evaluation", *SAME_FOR_ALL_SEEDS, "n_seeds", "seeds", *statistics, "notes")
    return write_csv(path, columns, (_summary_row(seeds) for seeds in _by_question(rows)))


def _by_question(rows: Iterable[Measured]) -> list[list[Measured]]:
    """Rows that differ by the seed alone; of a seed that ran twice the one in a folder of its own counts."""
    found: dict[tuple[str, ...], dict[str, Measured]] = {}
    for row in rows:
        found.setdefault(row.question, {})[row.seed] = row
    return [list(seeds.values()) for seeds in found.values()]


def _summary_row(seeds: Sequence[Measured]) -> dict[str, Any]:
    first = seeds[0]
    row: dict[str, Any] = {column: first.values.get(column, "") for column in SAME_FOR_ALL_SEEDS}
    row |= {"experiment": first.experiment, "evaluation": first.evaluation, "notes": first.notes}
    row |= {"n_seeds": len(seeds), "seeds": " ".join(one.seed for one in seeds)}
    for metric in METRICS:
        values = [float(one.values[metric]) for one in seeds if one.values.get(metric)]
        if values:
            row[metric] = float(np.mean(values))
        if len(values) > 1:
            half = t_half_width(values)
            row[f"{metric}_low"], row[f"{metric}_high"] = row[metric] - half, row[metric] + half
    return row


def t_half_width(values: Sequence[float], level: float = 0.95) -> float:
    """Half of the t-interval of the mean of a few independent runs."""
    from scipy.stats import t

    return float(t.ppf((1 + level) / 2, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values)))


def _beside(rows: Iterable[Measured], published: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Our legacy test rows in the columns of the original's tables, means over seeds, with the published ones."""
    datasets = {row["dataset"] for row in published}
    known = {row["name"].removeprefix("test_"): row for row in published}
    grouped: dict[tuple[str, str], dict[str, list[Measured]]] = {}
    for seeds in _by_question(rows):
        values = seeds[0].values
        plain = values["mode"] == "legacy" and values["split"] == "test" and values.get("candidates") == "split"
        if plain and values["dataset"] in datasets and not values.get("within"):
            directions = grouped.setdefault((seeds[0].experiment, seeds[0].evaluation), {})
            directions[values["direction"]] = seeds
    return [_beside_row(directions, known) for directions in grouped.values()]


def _beside_row(directions: Mapping[str, list[Measured]], known: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    seeds = next(iter(directions.values()))
    published = known.get(seeds[0].name, {})
    remarks = [seeds[0].notes, f"mean of {len(seeds)} seeds" if len(seeds) > 1 else ""]
    row: dict[str, Any] = {"name": seeds[0].name, "notes": "; ".join(remark for remark in remarks if remark)}
    for column, (direction, metric) in ORIGINAL_COLUMNS.items():
        values = [float(one.values[metric]) for one in directions.get(direction, ()) if one.values.get(metric)]
        if values:
            row[column] = round(float(np.mean(values)), 4)
        if published.get(column):
            row[f"{column}_published"] = float(published[column])
        if values and published.get(column):
            row[f"{column}_difference"] = round(row[column] - float(published[column]), 4)
    return row


def _write_beside(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    comparison = tuple(f"{column}_{what}" for what in ("published", "difference") for column in ORIGINAL_COLUMNS)
    return write_csv(path, ("name", *ORIGINAL_COLUMNS, "notes", *comparison), rows)
