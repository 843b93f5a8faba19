"""Ranks as the published tables of sentence retrieval computed them, quirks included, so that they can be compared.

What: a sentence is compared with groups of takes, each by its best take; every candidate that scores like the right
one is an entry of its own, so tied queries count several times.  Equal sentences of two groups are two candidates.  The
median of video to text is the lower one of the middle two.
Needs: one column per group of takes.
When to prefer another: always, except beside published numbers; `ranks` counts every query once.
Reference: Cheng et al. 2023, CiCo, and its released evaluation, which SEDS and others went on using.
"""

from __future__ import annotations

import numpy as np

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.answers import IntArray
from mmpt_sign.evaluation.ranking import DEPTHS, Ranking
from mmpt_sign.evaluation.ranks import places_of, true_per_row
from mmpt_sign.evaluation.scores import Merge, Scores, cleaned, pieces
from mmpt_sign.evaluation.signclip_ranks import stood_before


def text_to_video(scores: Scores, video: IntArray, text: IntArray) -> Ranking:
    """Every group's sentence against all groups; one entry for each group that scores like the right one."""
    _check(text)
    groups = Merge(video)
    place = places_of(groups.codes, text)
    queries = np.flatnonzero(place >= 0)
    found: list[tuple[IntArray, IntArray]] = []
    for piece in pieces(len(queries), len(video)):
        asked = queries[piece]
        block = groups(cleaned(np.ascontiguousarray(scores[:, asked].T)))
        right = block[np.arange(len(asked)), place[asked]][:, None]
        above, equal = true_per_row(block > right), true_per_row(block == right)
        nth = np.arange(equal.sum()) - np.repeat(np.cumsum(equal) - equal, equal)
        found.append((np.repeat(asked, equal), np.repeat(above, equal) + nth))
    empty = np.empty(0, np.int64)
    asked, above = (np.concatenate([empty, *parts]) for parts in zip(*found, strict=True)) if found else (empty, empty)
    return _ranking(asked, above, len(groups), lower_median=False)


def video_to_text(scores: Scores, video: IntArray, text: IntArray) -> Ranking:
    """Every take against the sentences of all groups; equal scores keep the order of the list."""
    _check(text)
    place = places_of(text, video)
    queries = np.flatnonzero(place >= 0)
    above = np.empty(len(queries), np.int64)
    for piece in pieces(len(queries), len(text)):
        rows = queries[piece]
        above[piece] = stood_before(cleaned(scores[rows]), place[rows])
    return _ranking(queries, above, len(text), lower_median=True)


def _check(text: IntArray) -> None:
    if len(np.unique(text)) < len(text):
        raise DataError("mode 'cico' needs one column per group, and some group has several")


def _ranking(queries: IntArray, above: IntArray, gallery: int, *, lower_median: bool) -> Ranking:
    ones = np.ones_like(queries)
    hits = np.stack([(above < k).astype(np.float64) for k in DEPTHS], axis=1)
    return Ranking(
        queries, above, np.zeros_like(above), ones, ones * gallery, hits, mode="cico", lower_median=lower_median
    )
