"""Strict ranks: ties counted half, each answer a candidate once, every query counted once.

What: rank = 1 + wrong candidates above the best right one + half of the wrong ones that equal it.
Needs: a score for every pair; an answer for every clip and text.
Reference: the tie-aware rank is the expected rank under random tie breaking (McSherry and Najork 2008, "Computing
information retrieval performance measures efficiently in the presence of tied scores").
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.evaluation.answers import IntArray
from mmpt_sign.evaluation.ranking import DEPTHS, Floats, Ranking
from mmpt_sign.evaluation.scores import Merge, Scores, cleaned, pieces

Counts = tuple[IntArray, IntArray, IntArray, Floats]  # above, tied, positives, hits


def video_to_text(scores: Scores, video: IntArray, text: IntArray) -> Ranking:
    """Every clip whose answer is among the texts, against the distinct answers of the texts."""
    merge = Merge(text)
    place = places_of(merge.codes, video)
    queries = np.flatnonzero(place >= 0)
    found = []
    for piece in pieces(len(queries), scores.shape[1]):
        rows = queries[piece]
        found.append(_count(merge(cleaned(scores[rows])), np.arange(len(rows)), place[rows]))
    return _ranking(queries, found, len(merge))


def text_to_video(scores: Scores, video: IntArray, text: IntArray, by_group: bool = False) -> Ranking:
    """Every distinct answer of the texts that has a clip, against all clips, or against groups of equal answer.

    A group scores the largest of its takes, as in the published sentence retrieval tables.
    """
    merge = Merge(text)
    groups = Merge(video)
    candidates = groups.codes if by_group else video
    owner = places_of(merge.codes, candidates)
    right = np.argsort(owner, kind="stable")
    right = right[owner[right] >= 0]
    found, queries = [], []
    for piece in pieces(len(merge), scores.shape[0]):
        pairs = right[slice(*np.searchsorted(owner[right], (piece.start, piece.stop)))]
        asked, local = np.unique(owner[pairs], return_inverse=True)
        if not len(asked):
            continue
        block = merge.of(scores, piece)[asked - piece.start]
        found.append(_count(groups(block) if by_group else block, local, pairs))
        queries.append(merge.first[asked])
    return _ranking(np.concatenate([np.empty(0, np.int64), *queries]), found, len(candidates))


def places_of(codes: IntArray, wanted: IntArray) -> IntArray:
    """Position of each wanted code among the (distinct) codes, -1 if absent."""
    table = np.full(int(max(codes.max(), wanted.max())) + 1, -1, np.int64)
    table[codes] = np.arange(len(codes))
    places: IntArray = table[wanted]
    return places


def _ranking(queries: IntArray, found: Sequence[Counts], gallery: int) -> Ranking:
    if not found:
        empty = np.empty(0, np.int64)
        return Ranking(empty, empty, empty, empty, empty, np.empty((0, len(DEPTHS))))
    above, tied, positives, hits = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Ranking(queries, above, tied, positives, np.full(len(queries), gallery), hits)


def _count(block: Scores, owner: IntArray, position: IntArray) -> Counts:
    """Counts of the queries in the rows of ``block``; right candidates are (owner, position), sorted by owner."""
    values = block[owner, position]
    starts = np.flatnonzero(np.diff(owner, prepend=-1))
    best = np.maximum.reduceat(values, starts)
    above = true_per_row(block > best[:, None])
    right_tied = np.add.reduceat((values == best[owner]).astype(np.int64), starts)
    tied = true_per_row(block == best[:, None]) - right_tied
    positives = np.diff(starts, append=len(owner))
    if len(owner) == len(starts):
        return above, tied, positives, _share(above, tied + 1)
    return above, tied, positives, np.add.reduceat(_hits_per_pair(block, owner, values), starts)


def _hits_per_pair(block: Scores, owner: IntArray, values: Scores) -> Floats:
    """Chance of each right candidate to stand among the first 1, 5, 10.

    Only the ten largest scores of a row decide it, and the number of candidates that equal the tenth.
    """
    depth = min(DEPTHS[-1], block.shape[1])
    top = np.partition(block, block.shape[1] - depth, axis=1)[:, -depth:]
    last = top.min(axis=1)
    equal_to_last = true_per_row(block == last[:, None])
    own_top = top[owner]
    above = (own_top > values[:, None]).sum(axis=1)
    equal = np.where(values == last[owner], equal_to_last[owner], (own_top == values[:, None]).sum(axis=1))
    chances = _share(above, np.maximum(equal, 1))
    chances[values < last[owner]] = 0.0
    return chances


def _share(above: IntArray, equal: IntArray) -> Floats:
    """(n,) -> (n, 3): chance that one of ``equal`` candidates below ``above`` others is among the first k."""
    room = np.asarray(DEPTHS) - above[:, None]
    shares: Floats = np.clip(room / equal[:, None], 0.0, 1.0)
    return shares


def true_per_row(mask: NDArray[np.bool_]) -> IntArray:
    """Number of True in each row; summing bytes is several times faster than summing booleans."""
    counts: IntArray = mask.view(np.uint8).sum(axis=1, dtype=np.uint32).astype(np.int64)
    return counts
