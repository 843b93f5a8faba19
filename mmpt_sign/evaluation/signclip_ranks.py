"""Ranks as the published SignCLIP tables computed them, quirks included, so that their numbers can be compared.

What: equal scores keep their order in the list; text to video pools the right candidates of all queries in its recall;
video to text merges equal texts only where they are neighbours in the ranked list.
Needs: one column per item of the original, or one per distinct text (the same result without its rounding noise).
When to prefer another: always, except beside published numbers; `ranks` is not moved by duplicates or ties.
Reference: Jiang et al. 2024, SignCLIP, and its released evaluation.
"""

from __future__ import annotations

import numpy as np

from mmpt_sign.evaluation.answers import IntArray
from mmpt_sign.evaluation.ranking import DEPTHS, Floats, Ranking
from mmpt_sign.evaluation.ranks import true_per_row
from mmpt_sign.evaluation.scores import Scores, cleaned, pieces


def text_to_video(scores: Scores, video: IntArray, text: IntArray) -> Ranking:
    """The first column of each distinct text against all clips, stable order."""
    distinct, first = np.unique(text, return_index=True)
    queries = np.sort(first[np.isin(distinct, video)])
    owner, position = _pairs(text[queries], video)
    before = np.empty(len(owner), np.int64)
    for piece in pieces(len(owner), len(video)):
        block = cleaned(np.ascontiguousarray(scores[:, queries[owner[piece]]].T))
        before[piece] = stood_before(block, position[piece])
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    best = np.minimum.reduceat(before, starts) if len(starts) else before
    hits = np.stack([(before < k).astype(np.int64) for k in DEPTHS], axis=1)
    per_query = np.add.reduceat(hits, starts) if len(starts) else hits
    positives = np.diff(starts, append=len(owner))
    return _ranking(queries, best, positives, len(video), per_query.astype(np.float64), micro=True)


def video_to_text(scores: Scores, video: IntArray, text: IntArray) -> Ranking:
    """Every clip against the ranked texts, runs of equal neighbours counted once."""
    queries = np.flatnonzero(np.isin(video, text))
    before = np.empty(len(queries), np.int64)
    all_differ = len(np.unique(text)) == len(text)
    for piece in pieces(len(queries), len(text)):
        block, gold = cleaned(scores[queries[piece]]), video[queries[piece]]
        if all_differ:
            before[piece] = stood_before(block, _column_of(gold, text))
        else:
            before[piece] = _runs_before(block, gold, text)
    hits = np.stack([(before < k).astype(np.float64) for k in DEPTHS], axis=1)
    return _ranking(queries, before, np.ones_like(queries), len(text), hits, micro=False)


def _ranking(
    queries: IntArray, before: IntArray, positives: IntArray, gallery: int, hits: Floats, *, micro: bool
) -> Ranking:
    width = np.full(len(queries), gallery)
    return Ranking(queries, before, np.zeros_like(before), positives, width, hits, mode="legacy", micro=micro)


def _pairs(wanted: IntArray, video: IntArray) -> tuple[IntArray, IntArray]:
    """Every (query, clip) with equal codes, query by query."""
    query_of = np.full(int(max(wanted.max(initial=0), video.max())) + 1, -1, np.int64)
    query_of[wanted] = np.arange(len(wanted))
    owner = query_of[video]
    position = np.argsort(owner, kind="stable")
    position = position[owner[position] >= 0]
    return owner[position], position


def stood_before(block: Scores, position: IntArray) -> IntArray:
    """How many candidates of each row a stable descending sort puts before the one at ``position``."""
    value = np.take_along_axis(block, position[:, None], axis=1)
    earlier = np.arange(block.shape[1]) < position[:, None]
    counts: IntArray = true_per_row(block > value) + true_per_row((block == value) & earlier)
    return counts


def _column_of(gold: IntArray, text: IntArray) -> IntArray:
    """The one column of each gold text."""
    order = np.argsort(text, kind="stable")
    position: IntArray = order[np.searchsorted(text[order], gold)]
    return position


def _runs_before(block: Scores, gold: IntArray, text: IntArray) -> IntArray:
    """How many runs of equal neighbours come before the first gold text; the rest of the list need not be sorted."""
    counts = np.empty(len(block), np.int64)
    for i, (row, answer) in enumerate(zip(block, gold, strict=True)):
        head = np.flatnonzero(row >= row[text == answer].max())
        ranked = text[head[np.argsort(-row[head], kind="stable")]]
        first = int(np.argmax(ranked == answer))
        counts[i] = np.count_nonzero(ranked[1 : first + 1] != ranked[:first])
    return counts
