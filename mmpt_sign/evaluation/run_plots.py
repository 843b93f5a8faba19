"""Pictures of runs from what they left behind: training curves, recall at k, bars per language, a map of the clips."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mmpt_sign.evaluation.maps import chosen, flat
from mmpt_sign.evaluation.plots import Line, bars, curves, recall_curve, scatter
from mmpt_sign.evaluation.ranking import DIRECTIONS
from mmpt_sign.evaluation.run import Run
from mmpt_sign.evaluation.run_tree import find_runs
from mmpt_sign.files import read_csv

BY = "metrics_by_"
BROKEN = (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile)  # what a half-written file may raise


def draw_runs(runs: Path, out: Path) -> Iterator[Path]:
    """Every picture that the runs have material for; a broken file costs its own picture alone."""
    for run in find_runs(runs):
        folder = out / run.folder.relative_to(runs)
        yield from _training(run, folder)
        for evaluation in sorted({path.parent for path in run.folder.glob("eval/**/*.[cn][sp][vz]")}):
            place = folder / evaluation.relative_to(run.folder / "eval")
            for picture in (_recall, _bars, _map):
                try:
                    yield from picture(evaluation, place)
                except BROKEN:
                    continue


def _training(run: Run, folder: Path) -> Iterator[Path]:
    """Loss over updates, and the figures of the selecting split where training looked at them."""
    journal = run.journal
    losses = _line(journal, "loss")
    if losses[0]:
        yield curves(folder / "loss.png", {"loss": losses}, "update", "loss", run.experiment, unit=False)
    looks = sorted({key for entry in journal for key in entry if key.startswith("valid/") and key != "valid/loss"})
    lines = {key: _line(journal, key) for key in looks}
    shown = {key: line for key, line in lines.items() if line[0] and max(line[1]) <= 1}
    if shown:
        yield curves(folder / "valid.png", shown, "update", "share", run.experiment)


def _line(journal: list[dict[str, Any]], key: str) -> Line:
    points = [(e["update"], e[key]) for e in journal if isinstance(e.get(key), int | float) and np.isfinite(e[key])]
    return [x for x, _ in points], [y for _, y in points], None, None


def _recall(evaluation: Path, place: Path) -> Iterator[Path]:
    rows = read_csv(evaluation / "predictions.csv")
    ranks = {
        direction.replace("_to_", " to "): np.array([float(r["rank"]) for r in rows if r["direction"] == direction])
        for direction in reversed(DIRECTIONS)
    }
    if any(len(rank) for rank in ranks.values()):
        yield recall_curve(place / "recall.png", ranks, evaluation.name)


def _bars(evaluation: Path, place: Path) -> Iterator[Path]:
    """R@1 of clips per value of each attribute that has a table."""
    for path in sorted(evaluation.glob(f"{BY}*.csv")):
        name = path.stem.removeprefix(BY)
        rows = [row for row in read_csv(path) if row["direction"] == "video_to_text" and row["mode"] == "strict"]
        values = {row[name]: float(row["R@1"]) for row in rows}
        ends = {row[name]: (float(row["R@1_low"]), float(row["R@1_high"])) for row in rows if row["R@1_low"]}
        if values:
            yield bars(place / f"{path.stem}.png", values, "video to text R@1", evaluation.name, ends)


def _map(evaluation: Path, place: Path) -> Iterator[Path]:
    with np.load(evaluation / "embeddings.npz", allow_pickle=False) as saved:
        vectors, answers = saved["video"], saved["answers"]
    shown = chosen(len(vectors))
    yield scatter(place / "map.png", flat(vectors[shown]), answers[shown].tolist(), evaluation.name)
