"""How far a metric may be from its true value: percentile intervals over resampled queries.

What: queries (or groups of them) are drawn with replacement, each metric is computed again, and the middle 95 % of the
results are reported.
Needs: the ranks of the queries.  Queries that share a signer or a sentence are not independent: give them as groups.
Reference: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable

import numpy as np

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.answers import IntArray, as_codes
from mmpt_sign.evaluation.ranking import DEPTHS, Floats, Ranking
from mmpt_sign.evaluation.scores import pieces

Interval = tuple[float, float]


def intervals(
    ranking: Ranking,
    groups: Iterable[Hashable] | None = None,
    samples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> dict[str, Interval]:
    """(low, high) of each metric of `summary`; the same seed gives the same interval."""
    if not len(ranking):
        raise DataError("no queries, so there is no interval")
    codes = np.arange(len(ranking)) if groups is None else as_codes(groups, {})
    if len(codes) != len(ranking):
        raise DataError(f"{len(ranking)} queries need as many groups, not {len(codes)}")
    names, above, below = _ratios(ranking)
    found = np.empty((samples, len(names) + 1))
    ordered, group_of_ordered = _by_rank(ranking, codes)
    sums, sizes = per_group(above, codes), per_group(below, codes)
    rng = np.random.default_rng(seed)
    for piece in pieces(samples, max(len(sums), len(ranking))):
        weights = drawn(rng, piece.stop - piece.start, len(sums))
        found[piece, :-1] = (weights @ sums) / (weights @ sizes)
        found[piece, -1] = _medians(ordered, weights[:, group_of_ordered], ranking.lower_median)
    tail = (1 - level) / 2
    low, high = np.quantile(found, [tail, 1 - tail], axis=0)
    return {name: (float(low[i]), float(high[i])) for i, name in enumerate([*names, "MedR"])}


def _ratios(ranking: Ranking) -> tuple[list[str], Floats, Floats]:
    """Every metric that is a sum over queries divided by another one: names, and both terms (Q, metrics)."""
    rank, one = ranking.rank, np.ones(len(ranking))
    terms: dict[str, tuple[Floats, Floats]] = {}
    for i, k in enumerate(DEPTHS):
        recalled = (ranking.hits[:, i], ranking.positives.astype(np.float64)) if ranking.micro else (rank <= k, one)
        terms[f"R@{k}"] = (np.asarray(recalled[0], np.float64), recalled[1])
        terms[f"P@{k}"] = (ranking.hits[:, i] / k, one)
    terms["MeanR"] = (rank, one)
    if ranking.mode != "legacy":
        terms["MRR"] = (1 / rank, one)
    above, below = (np.stack([term[side] for term in terms.values()], axis=1) for side in (0, 1))
    return list(terms), above, below


def per_group(values: Floats, codes: IntArray) -> Floats:
    """(Q, M) values and the group of each row -> sums (groups, M)."""
    sums = np.zeros((int(codes.max()) + 1, values.shape[1]))
    np.add.at(sums, codes, values)
    return sums


def _by_rank(ranking: Ranking, codes: IntArray) -> tuple[Floats, IntArray]:
    order = np.argsort(ranking.rank, kind="stable")
    return ranking.rank[order], codes[order]


def drawn(rng: np.random.Generator, samples: int, groups: int) -> Floats:
    """(samples, groups): how often each group is drawn in each sample."""
    picked = rng.integers(0, groups, (samples, groups)) + np.arange(samples)[:, None] * groups
    counts: Floats = np.bincount(picked.ravel(), minlength=samples * groups).reshape(samples, groups).astype(np.float64)
    return counts


def _medians(ordered: Floats, weights: Floats, lower_one: bool = False) -> Floats:
    """Median of the ordered values when each is repeated by its weight, one per row of weights."""
    upto = np.cumsum(weights, axis=1)
    total = upto[:, -1:]
    lower = np.argmax(upto >= np.floor((total + 1) / 2), axis=1)
    upper = lower if lower_one else np.argmax(upto >= np.floor(total / 2) + 1, axis=1)
    medians: Floats = (ordered[lower] + ordered[upper]) / 2
    return medians
