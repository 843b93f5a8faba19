"""Two runs on the same queries: how far apart they are, whether that is more than luck, and which classes moved.

What: the difference of each figure with a paired bootstrap interval over queries (or over groups of them) and its
two-sided p value; McNemar's exact test on right at first place; every class with its own difference, Holm-corrected.
Needs: the ``predictions.csv`` of both runs for the same queries and candidates; of several seeds the mean counts.
Reference: Efron and Tibshirani 1993, chapter 16; McNemar 1947; Holm 1979.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.evaluation.intervals import redrawn_means
from mmpt_sign.evaluation.predicted import Answered, check_comparable
from mmpt_sign.evaluation.ranking import DEPTHS, DIRECTIONS, Direction, Floats

Resample = Literal["query", "gold"]

FIGURES = (*(f"R@{k}" for k in DEPTHS), "MRR", "MeanR")
TABLE = (
    *("direction", "figure", "first", "second", "difference", "low", "high", "p", "n_queries", "resampled"),
    *("only_first", "only_second", "p_mcnemar"),
)
CLASSES = ("direction", "gold", "n_queries", "first", "second", "difference", "p", "p_corrected")


def differences(
    first: Answered, second: Answered, resample: Resample = "query", samples: int = 10_000, seed: int = 0
) -> list[dict[str, Any]]:
    """One row per direction and figure: second minus first."""
    check_comparable(first, second)
    rows = []
    for direction in DIRECTIONS:
        a, b = (_values(one.ranks[direction]) for one in (first, second))
        if not len(a):
            continue
        groups = [key[1] for key in first.keys[direction]] if resample == "gold" else None
        drawn = redrawn_means(b - a, groups, samples, seed)
        low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
        for i, figure in enumerate(FIGURES):
            means = {"first": float(a[:, i].mean()), "second": float(b[:, i].mean())}
            means |= {"difference": means["second"] - means["first"], "low": float(low[i]), "high": float(high[i])}
            row = {"direction": direction, "figure": figure, **means, "p": two_sided(drawn[:, i])}
            row |= {"n_queries": len(a), "resampled": resample}
            single = first.ranks[direction].shape[1] == second.ranks[direction].shape[1] == 1
            if figure == "R@1" and single:
                row |= _mcnemar(a[:, i], b[:, i])
            rows.append(row)
    return rows


def _values(ranks: Floats) -> Floats:
    """(Q, seeds) ranks -> (Q, figures): what each query adds, as a mean over seeds."""
    within = [(ranks <= k).mean(axis=1) for k in DEPTHS]
    return np.stack([*within, (1 / ranks).mean(axis=1), ranks.mean(axis=1)], axis=1)


def two_sided(drawn: NDArray[Any]) -> float:
    """How often redrawn differences fall on the other side of nothing, both sides counted; never quite 0."""
    count = len(drawn)
    below, above = int(np.sum(drawn <= 0)), int(np.sum(drawn >= 0))
    return min(1.0, 2 * (min(below, above) + 1) / (count + 1))


def _mcnemar(a: Floats, b: Floats) -> dict[str, Any]:
    """Exact test on the queries that one run alone has right."""
    only_first, only_second = int(np.sum((a == 1) & (b == 0))), int(np.sum((a == 0) & (b == 1)))
    return {"only_first": only_first, "only_second": only_second, "p_mcnemar": _exact(only_first, only_second)}


def _exact(one: int, other: int) -> float:
    from scipy.stats import binomtest

    return float(binomtest(one, one + other).pvalue) if one + other else 1.0


def classes_moved(first: Answered, second: Answered) -> list[dict[str, Any]]:
    """R@1 of each class in both runs, the largest changes first; p by the sign test over its queries."""
    check_comparable(first, second)
    rows: list[dict[str, Any]] = []
    for direction in DIRECTIONS:
        a, b = (_values(one.ranks[direction])[:, 0] for one in (first, second))
        of_gold: dict[str, list[int]] = {}
        for i, key in enumerate(first.keys[direction]):
            of_gold.setdefault(key[1], []).append(i)
        found = [_class_row(direction, gold, a[places], b[places]) for gold, places in of_gold.items()]
        corrected = holm([row["p"] for row in found])
        rows += [{**row, "p_corrected": p} for row, p in zip(found, corrected, strict=True)]
    return sorted(rows, key=lambda row: (-abs(row["difference"]), row["direction"], row["gold"]))


def _class_row(direction: Direction, gold: str, a: Floats, b: Floats) -> dict[str, Any]:
    mean_a, mean_b = float(a.mean()), float(b.mean())
    row = {"direction": direction, "gold": gold, "n_queries": len(a), "first": mean_a, "second": mean_b}
    return row | {"difference": mean_b - mean_a, "p": _exact(int(np.sum(a > b)), int(np.sum(b > a)))}


def holm(values: Sequence[float]) -> list[float]:
    """What each p value is worth where so many were looked at."""
    order = np.argsort(values, kind="stable")
    stepped = np.asarray(values, np.float64)[order] * np.arange(len(values), 0, -1)
    corrected = np.empty(len(values))
    corrected[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return [float(value) for value in corrected]
