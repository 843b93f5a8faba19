"""Exact search: every stored vector against the query, in one pass over memory.

One product of a matrix with a vector is bound by memory, not by arithmetic.  ``einsum`` streams the matrix at the speed
of memory on one core, where the matrix products of BLAS take twice as long and start threads that fight with those of a
busy server (``benchmarks/index.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mmpt_sign.poses.clip import FloatArray

ROWS_AT_ONCE = 4096
MANY = 8  # so many queries are worth a true matrix product


def nearest(
    vectors: FloatArray, query: FloatArray, k: int, allowed: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.int64], FloatArray]:
    """Rows and scores of the ``k`` best, best first; equal scores in the order of the rows."""
    scores = np.einsum("nd,d->n", vectors, np.asarray(query, np.float32))
    rows = np.arange(len(vectors)) if allowed is None else np.flatnonzero(allowed)
    return _best(scores if allowed is None else scores[rows], rows, k)


def nearest_of_many(vectors: FloatArray, queries: FloatArray, k: int) -> FloatArray:
    """The ``k`` best scores of every query (Q, k), best first."""
    if len(queries) < MANY:
        return np.stack([nearest(vectors, query, k)[1] for query in queries])
    best = np.full((len(queries), k), -np.inf, np.float32)
    for start in range(0, len(vectors), ROWS_AT_ONCE):
        scores = queries @ vectors[start : start + ROWS_AT_ONCE].T
        best = -np.partition(-np.concatenate([best, scores], axis=1), k - 1, axis=1)[:, :k]
    return -np.sort(-best, axis=1)


def _best(scores: FloatArray, rows: NDArray[np.int64], k: int) -> tuple[NDArray[np.int64], FloatArray]:
    k = min(k, len(scores))
    if k == 0:
        return rows[:0], scores[:0]
    least = np.partition(scores, len(scores) - k)[len(scores) - k]  # of equal scores at the end the first rows stay
    above = np.flatnonzero(scores > least)
    chosen = np.concatenate([above, np.flatnonzero(scores == least)[: k - len(above)]])
    chosen = chosen[np.lexsort((chosen, -scores[chosen]))]
    return rows[chosen], scores[chosen]
