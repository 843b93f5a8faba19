"""Retrieval in both directions as one plain function.

What: R@k, P@k, median and mean rank, mean reciprocal rank.  R@k is the share of queries whose rank is at most k; P@k
the expected number of right candidates among the first k, divided by k.
Needs: scores (videos, texts), higher is better, and one hashable answer per row and column.
Reference: `ranks` (strict), `signclip_ranks` (legacy), `cico_ranks` (cico).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Any, get_args

import numpy as np

from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.evaluation import cico_ranks, ranks, signclip_ranks
from mmpt_sign.evaluation.answers import as_codes
from mmpt_sign.evaluation.ranking import DEPTHS, DIRECTIONS, Direction, Gallery, Mode, Ranking
from mmpt_sign.evaluation.scores import as_scores, count_nonfinite

METRICS = ("R@1", "R@5", "R@10", "P@1", "P@5", "P@10", "MedR", "MeanR", "MRR")


def retrieval(
    scores: Any,
    video_answers: Iterable[Hashable],
    text_answers: Iterable[Hashable],
    mode: Mode = "strict",
    gallery: Gallery = "video",
) -> dict[Direction, dict[str, float]]:
    """Metrics of both directions, as fractions and ranks.

    ``strict``: texts with the same answer are one candidate (the best of their scores), ties count half, and a row or
    column without any right candidate is a distractor, not a query.  ``legacy``: as the SignCLIP tables were computed,
    without MRR; ``cico``: as those of sentence retrieval.  ``gallery="group"`` makes the clips of one answer a single
    candidate in text to video.

    >>> result = retrieval([[0.9, 0.1], [0.2, 0.8]], ["house", "sun"], ["house", "sun"])
    >>> result["video_to_text"]["R@1"], result["text_to_video"]["MedR"]
    (1.0, 1.0)
    """
    found = query_ranks(scores, video_answers, text_answers, mode, gallery)
    return {direction: summary(found[direction]) for direction in DIRECTIONS}


def query_ranks(
    scores: Any,
    video_answers: Iterable[Hashable],
    text_answers: Iterable[Hashable],
    mode: Mode = "strict",
    gallery: Gallery = "video",
) -> dict[Direction, Ranking]:
    """The ranks behind `retrieval`, query by query, for reports and intervals."""
    _check_choices(mode, gallery)
    matrix = as_scores(scores)
    known: dict[Hashable, int] = {}
    video, text = as_codes(video_answers, known), as_codes(text_answers, known)
    if matrix.shape != (len(video), len(text)):
        raise DataError(f"scores of shape {matrix.shape} need as many answers, not {len(video)} and {len(text)}")
    if not np.isin(video, text).any():
        raise DataError("no clip has an answer that is among the texts, so there is nothing to rank")
    if mode == "legacy":
        to_video = signclip_ranks.text_to_video(matrix, video, text)
        to_text = signclip_ranks.video_to_text(matrix, video, text)
    elif mode == "cico":
        to_video = cico_ranks.text_to_video(matrix, video, text)
        to_text = cico_ranks.video_to_text(matrix, video, text)
    else:
        to_video = ranks.text_to_video(matrix, video, text, by_group=gallery == "group")
        to_text = ranks.video_to_text(matrix, video, text)
    broken = count_nonfinite(matrix)
    return {"text_to_video": replace(to_video, nonfinite=broken), "video_to_text": replace(to_text, nonfinite=broken)}


def _check_choices(mode: str, gallery: str) -> None:
    problems = [
        f"unknown {what} '{given}'; known: {', '.join(get_args(choices))}"
        for what, given, choices in (("mode", mode, Mode), ("gallery", gallery, Gallery))
        if given not in get_args(choices)
    ]
    if mode == "legacy" and gallery == "group":
        problems.append("mode 'legacy' knows no groups: use gallery 'video', or mode 'strict'")
    if problems:
        raise ConfigError(problems)


def summary(ranking: Ranking) -> dict[str, float]:
    """Metrics of one direction."""
    rank = ranking.rank
    found: dict[str, float] = {}
    for i, k in enumerate(DEPTHS):
        pooled_recall = ranking.hits[:, i].sum() / ranking.positives.sum()
        found[f"R@{k}"] = float(pooled_recall if ranking.micro else np.mean(rank <= k))
    for i, k in enumerate(DEPTHS):
        found[f"P@{k}"] = float(ranking.hits[:, i].mean() / k)
    median = np.quantile(rank, 0.5, method="lower") if ranking.lower_median else np.median(rank)
    found |= {"MedR": float(median), "MeanR": float(rank.mean())}
    return found if ranking.mode == "legacy" else found | {"MRR": float(np.mean(1 / rank))}


def selection(result: Mapping[Direction, Mapping[str, float]], metric: str = "geometric_mean") -> float:
    """One number that chooses a checkpoint, higher is better: the mean of ``metric`` over both directions.

    ``geometric_mean`` is that of R@1, R@5 and R@10: it cannot be bought with one depth alone.
    """
    if metric == "geometric_mean":
        products = [np.prod([found[f"R@{k}"] for k in DEPTHS]) for found in result.values()]
        return float(np.mean(np.power(products, 1 / len(DEPTHS))))
    return float(np.mean([found[metric] for found in result.values()]))
