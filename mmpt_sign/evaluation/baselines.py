"""What a number must be compared with: guessing, and the nearest training clip without any learning."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.answers import IntArray, as_codes
from mmpt_sign.evaluation.metrics import query_ranks
from mmpt_sign.evaluation.ranking import DEPTHS, DIRECTIONS, Direction, Floats, Gallery, Ranking
from mmpt_sign.evaluation.scores import pieces

Frames = NDArray[np.floating[Any]]


def chance(
    video_answers: Iterable[Hashable], text_answers: Iterable[Hashable], gallery: Gallery = "video"
) -> dict[Direction, dict[str, float]]:
    """Strict metrics that a random order of the candidates has on average, exactly.

    ``MedR`` is the median of the rank's distribution over all queries.
    """
    video, text = _plain(video_answers), _plain(text_answers)
    found = query_ranks(np.zeros((len(video), len(text)), np.float32), video, text, gallery=gallery)
    return {direction: expected(found[direction]) for direction in DIRECTIONS}


def expected(ranking: Ranking) -> dict[str, float]:
    """What random orders would give for these queries: only their galleries and right candidates count."""
    kinds, counts = np.unique(np.stack([ranking.gallery, ranking.positives], axis=1), axis=0, return_counts=True)
    share = counts / counts.sum()
    reached = np.zeros(int(ranking.gallery.max()))  # reached[k - 1] = P(rank <= k), over all queries
    figures = dict.fromkeys(("P@1", "P@5", "P@10", "MeanR", "MRR"), 0.0)
    for (size, right), weight in zip(kinds.tolist(), share.tolist(), strict=True):
        by_depth = _reached(size, right)
        reached += weight * np.concatenate([by_depth, np.ones(len(reached) - size)])
        for k in DEPTHS:
            figures[f"P@{k}"] += weight * min(k, size) * right / size / k
        figures["MeanR"] += weight * (size + 1) / (right + 1)
        figures["MRR"] += weight * float(np.sum(np.diff(by_depth, prepend=0.0) / np.arange(1, size + 1)))
    recalls = {f"R@{k}": float(reached[min(k, len(reached)) - 1]) for k in DEPTHS}
    precisions = {f"P@{k}": figures[f"P@{k}"] for k in DEPTHS}
    return recalls | precisions | {"MedR": _median(reached), "MeanR": figures["MeanR"], "MRR": figures["MRR"]}


def _reached(size: int, right: int) -> Floats:
    """P(first right candidate at rank <= k) for k = 1 … size, with ``right`` right ones in a random order."""
    left = size - np.arange(size)  # candidates not yet seen
    missed: Floats = np.cumprod(np.maximum(left - right, 0) / left)
    return 1 - missed


def _median(reached: Floats) -> float:
    """Middle of the distribution; half-way between two ranks where exactly half of the mass is below."""
    tolerance = 1e-9
    lower = int(np.argmax(reached >= 0.5 - tolerance)) + 1
    upper = int(np.argmax(reached > 0.5 + tolerance)) + 1
    return (lower + upper) / 2


def nearest_neighbour(
    train_clips: Sequence[Frames],
    train_answers: Iterable[Hashable],
    test_clips: Sequence[Frames],
    answers: Iterable[Hashable],
    frames: int = 8,
) -> NDArray[np.float32]:
    """Scores (test clips, answers): minus the distance to the nearest training clip with that answer.

    Every clip (T, D) is cut down or stretched to ``frames`` frames and compared point by point.  An answer without a
    training clip scores -inf, which ranks last.  `retrieval` judges the result like a model's.
    """
    known: dict[Hashable, int] = {}
    columns = as_codes(answers, known)
    labels = as_codes(train_answers, known)
    if not len(train_clips) or not len(test_clips) or len(train_clips) != len(labels):
        raise DataError(f"{len(train_clips)} training clips with {len(labels)} answers, {len(test_clips)} test clips")
    train, test = _flat(train_clips, frames), _flat(test_clips, frames)
    best = np.full((len(test), len(known)), -np.inf, np.float32)
    order = np.argsort(labels, kind="stable")
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))
    for piece in pieces(len(test), len(train)):
        best[piece, labels[order][starts]] = np.maximum.reduceat(-_distances(test[piece], train[order]), starts, axis=1)
    scores: NDArray[np.float32] = best[:, columns]
    return scores


def _flat(clips: Sequence[Frames], frames: int) -> NDArray[np.float32]:
    """Each clip as one row of ``frames`` evenly spaced frames; missing values are 0."""
    try:
        rows = [np.asarray(clip, np.float32)[_evenly(len(clip), frames)].ravel() for clip in clips]
        flat: NDArray[np.float32] = np.nan_to_num(np.stack(rows), posinf=0.0, neginf=0.0)
    except (IndexError, ValueError) as error:
        raise DataError(f"clips must be (frames, numbers) arrays of one width, none empty: {error}") from error
    return flat


def _evenly(length: int, frames: int) -> IntArray:
    """The middle frames of ``frames`` equal parts."""
    indices: IntArray = ((np.arange(frames) + 0.5) * length / frames).astype(np.int64)
    return indices


def _distances(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    squares = np.sum(a * a, axis=1)[:, None] - 2 * a @ b.T + np.sum(b * b, axis=1)
    distances: NDArray[np.float32] = np.sqrt(np.maximum(squares, 0))
    return distances


def _plain(answers: Iterable[Hashable]) -> list[Hashable]:
    return list(answers.tolist() if hasattr(answers, "tolist") else answers)
