"""What an evaluation leaves behind: metrics that say how they were computed, predictions, vectors, a table to read."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmpt_sign.evaluation.bootstrap import Interval, intervals
from mmpt_sign.evaluation.metrics import METRICS, summary
from mmpt_sign.evaluation.ranking import DIRECTIONS, Direction, Ranking
from mmpt_sign.files import complete, write_csv

if TYPE_CHECKING:
    from rich.table import Table

TIE_RULES = {"strict": "half", "legacy": "list order", "cico": "each counted (T2V), list order (V2T)"}
WITH_INTERVAL = ("R@1", "R@5", "R@10", "MedR", "MRR")
TOP = 10
FIGURES = "figures.csv"  # the headline figures of a task other than retrieval: task, figure, value


@dataclass(frozen=True, slots=True)
class Signature:
    """How a row of metrics was computed; rows of different signatures do not belong in one column of a table.

    ``candidates`` names the set the prompts come from, ``gallery`` what a text is compared with (``video`` or
    ``group``), ``within`` the attribute whose values are separate galleries, ``variant`` whatever else was asked
    differently: clips of some meanings only, other prompts, other options of a stream.
    """

    dataset: str
    split: str
    direction: Direction
    mode: str
    candidates: str
    gallery: str
    within: str = ""
    variant: str = ""
    similarity: str = ""
    checkpoint: str = ""


SIGNATURE_COLUMNS = (*Signature.__dataclass_fields__, "ties", "gallery_size", "n_queries", "n_nonfinite")
INTERVAL_COLUMNS = tuple(f"{name}_{end}" for name in WITH_INTERVAL for end in ("low", "high"))
METRIC_COLUMNS = (*SIGNATURE_COLUMNS, *METRICS, *INTERVAL_COLUMNS, "R@1_optimistic", "R@1_pessimistic", "resampled")


def metric_row(
    signature: Signature,
    ranking: Ranking,
    groups: Iterable[Hashable] | None = None,
    samples: int = 1000,
    seed: int = 0,
    resampled: str = "query",
) -> dict[str, Any]:
    """One row of ``metrics.csv``; with ``samples`` 0 the interval columns stay empty."""
    found = intervals(ranking, groups, samples, seed) if samples else {}
    ends = {f"{name}_{end}": found[name][i] for name in found for i, end in enumerate(("low", "high"))}
    return {
        **asdict(signature),
        "ties": TIE_RULES[ranking.mode],
        "gallery_size": _size(ranking),
        "n_queries": len(ranking),
        "n_nonfinite": ranking.nonfinite,
        **summary(ranking),
        **{column: ends[column] for column in INTERVAL_COLUMNS if column in ends},
        "R@1_optimistic": float(np.mean(ranking.optimistic <= 1)),
        "R@1_pessimistic": float(np.mean(ranking.pessimistic <= 1)),
        "resampled": resampled if samples else "",
    }


def _size(ranking: Ranking) -> str:
    """Number of candidates, ``smallest-largest`` where it differs between queries."""
    low, high = int(ranking.gallery.min()), int(ranking.gallery.max())
    return str(low) if low == high else f"{low}-{high}"


def write_metrics(path: Path, rows: Sequence[Mapping[str, Any]], first: Sequence[str] = ()) -> Path:
    """``metrics.csv``, or ``metrics_by_<attribute>.csv`` with the attribute among the ``first`` columns."""
    return write_csv(path, (*first, *METRIC_COLUMNS), rows)


PREDICTION_COLUMNS = (
    *("query_id", "direction", "gold", "rank", "rank_optimistic", "rank_pessimistic", "n_positives", "gallery_size"),
    *(f"top{place}_{what}" for place in range(1, TOP + 1) for what in ("text", "id", "score")),
)


def write_predictions(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """``predictions.csv``: one row per query and direction; ``id`` is the clip's where clips are the candidates."""
    return write_csv(path, PREDICTION_COLUMNS, rows)


def write_embeddings(
    path: Path,
    *,
    ids: Sequence[str],
    answers: Sequence[str],
    video: np.ndarray[Any, Any],
    texts: Sequence[str],
    text: np.ndarray[Any, Any],
) -> Path:
    """``embeddings.npz``: plain arrays, readable with ``allow_pickle=False``."""
    with complete(path) as fresh:
        np.savez(
            fresh,
            ids=np.asarray(ids, np.str_),
            answers=np.asarray([str(answer) for answer in answers], np.str_),
            video=np.asarray(video, np.float32),
            texts=np.asarray(texts, np.str_),
            text=np.asarray(text, np.float32),
        )
    return path


def comparison(
    systems: Mapping[str, Mapping[Direction, Mapping[str, float]]],
    title: str = "",
    ranges: Mapping[Direction, Interval] | None = None,
) -> Table:
    """Both directions with one line per system (model, nearest neighbour, chance), shares in percent.

    ``ranges`` is the interval of R@1 of the first system.
    """
    from rich.table import Table

    table = Table(title=title or None)
    table.add_column("direction", no_wrap=True)
    table.add_column("system", no_wrap=True)
    for name in ("R@1", "95 %", "R@5", "R@10", "MedR"):
        table.add_column(name, justify="right", no_wrap=True)
    for direction in reversed(DIRECTIONS):
        for place, (system, found) in enumerate(systems.items()):
            heading = direction.replace("_to_", " to ") if place == 0 else ""
            interval = ranges[direction] if ranges and place == 0 and direction in ranges else None
            table.add_row(heading, system, *_figures(found[direction], interval), end_section=place == len(systems) - 1)
    return table


def _figures(found: Mapping[str, float], interval: Interval | None) -> list[str]:
    between = f"{100 * interval[0]:.1f}-{100 * interval[1]:.1f}" if interval else ""
    shares = [f"{100 * found[name]:.1f}" for name in ("R@1", "R@5", "R@10")]
    return [shares[0], between, *shares[1:], f"{found['MedR']:g}"]
