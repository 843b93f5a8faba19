"""Intervals of means: over a few independent runs by Student's t, over many queries by drawing them again."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

import numpy as np

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.answers import as_codes
from mmpt_sign.evaluation.bootstrap import drawn, per_group
from mmpt_sign.evaluation.ranking import Floats
from mmpt_sign.evaluation.scores import pieces


def t_half_width(values: Sequence[float], level: float = 0.95) -> float:
    """Half of the t-interval of the mean of a few independent runs."""
    from scipy.special import stdtrit  # the quantile of Student's t; scipy.stats has it too and takes a second to load

    return float(stdtrit(len(values) - 1, (1 + level) / 2) * np.std(values, ddof=1) / np.sqrt(len(values)))


def mean_and_ends(name: str, values: Sequence[float]) -> dict[str, float]:
    """``{name, name_low, name_high}``; one value alone has no interval, none no mean."""
    if not values:
        return {}
    mean = float(np.mean(values))
    if len(values) == 1:
        return {name: mean}
    half = t_half_width(values)
    return {name: mean, f"{name}_low": mean - half, f"{name}_high": mean + half}


def redrawn_means(
    values: Floats, groups: Iterable[Hashable] | None = None, samples: int = 1000, seed: int = 0
) -> Floats:
    """(Q, M) values of queries -> (samples, M) means of queries drawn with replacement, whole groups at a time."""
    if not len(values):
        raise DataError("no queries, so there is nothing to draw")
    codes = np.arange(len(values)) if groups is None else as_codes(groups, {})
    if len(codes) != len(values):
        raise DataError(f"{len(values)} queries need as many groups, not {len(codes)}")
    sums, sizes = per_group(values, codes), np.bincount(codes).astype(np.float64)
    rng = np.random.default_rng(seed)
    found = np.empty((samples, values.shape[1]))
    for piece in pieces(samples, len(sizes)):
        weights = drawn(rng, piece.stop - piece.start, len(sizes))
        found[piece] = (weights @ sums) / (weights @ sizes)[:, None]
    return found
