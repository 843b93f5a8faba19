"""The strict protocol in obvious lines: slow, one query at a time, nothing shared with the package."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator, Mapping, Sequence
from math import inf, isfinite
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st
from numpy.typing import NDArray

from mmpt_sign.evaluation.ranking import DIRECTIONS, Direction, Gallery

Matrix = NDArray[np.float64]
Answers = Sequence[int]
Query = list[tuple[float, bool]]
Case = tuple[Matrix, list[int], list[int]]


def strict(
    scores: Matrix, video_answers: Answers, text_answers: Answers, gallery: Gallery = "video"
) -> dict[Direction, dict[str, float]]:
    return {
        direction: metrics(list(queries(scores, video_answers, text_answers, gallery, direction)))
        for direction in DIRECTIONS
    }


def queries(
    scores: Matrix, video_answers: Answers, text_answers: Answers, gallery: Gallery, direction: Direction
) -> Iterator[Query]:
    """For each query its candidates as (score, right)."""
    clean = [[float(s) if isfinite(s) else -inf for s in row] for row in np.asarray(scores).tolist()]
    texts = list(dict.fromkeys(text_answers))
    rows = [[max(s for s, t in zip(row, text_answers, strict=True) if t == text) for text in texts] for row in clean]
    if direction == "video_to_text":
        found = [
            [(s, t == v) for s, t in zip(row, texts, strict=True)] for row, v in zip(rows, video_answers, strict=True)
        ]
    else:
        columns = [[row[j] for row in rows] for j in range(len(texts))]
        found = [
            [(s, v == t) for s, v in zip(c, video_answers, strict=True)] for c, t in zip(columns, texts, strict=True)
        ]
        if gallery == "group":
            groups = list(dict.fromkeys(video_answers))
            found = [
                [(max(s for (s, _), v in zip(q, video_answers, strict=True) if v == g), g == t) for g in groups]
                for q, t in zip(found, texts, strict=True)
            ]
    return (query for query in found if any(right for _, right in query))


def metrics(found: list[Query]) -> dict[str, float]:
    ranks = [rank(query) for query in found]
    result = {f"R@{k}": statistics.mean(float(r <= k) for r in ranks) for k in (1, 5, 10)}
    result |= {f"P@{k}": statistics.mean(expected_right(query, k) / k for query in found) for k in (1, 5, 10)}
    return result | {
        "MedR": statistics.median(ranks),
        "MeanR": statistics.mean(ranks),
        "MRR": statistics.mean(1 / r for r in ranks),
    }


def rank(query: Query) -> float:
    best = max(score for score, right in query if right)
    wrong = [score for score, right in query if not right]
    return 1 + sum(s > best for s in wrong) + sum(s == best for s in wrong) / 2


def expected_right(query: Query, k: int) -> float:
    """Right candidates among the first k, averaged over the orders of equal scores, block of ties by block."""
    total, room = 0.0, k
    for _, tied in itertools.groupby(sorted(query, reverse=True), key=lambda candidate: candidate[0]):
        block = [right for _, right in tied]
        taken = min(room, len(block))
        total += taken * sum(block) / len(block)
        room -= taken
    return total


@st.composite
def cases(draw: st.DrawFn, ties: bool = True, broken: bool = True) -> Case:
    """A small matrix with answers of which some are shared and some occur on one side only."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    videos, texts, answers = draw(st.integers(1, 14)), draw(st.integers(1, 14)), draw(st.integers(1, 8))
    scores = rng.integers(0, 4, (videos, texts)) / 2 if ties else rng.permutation(videos * texts).reshape(videos, texts)
    scores = scores.astype(np.float64)
    if broken:
        scores[rng.random(scores.shape) < draw(st.sampled_from([0.0, 0.2]))] = rng.choice([np.nan, np.inf, -np.inf])
    video, text = rng.integers(0, answers, videos).tolist(), rng.integers(0, answers, texts).tolist()
    text[0] = video[0]
    return scores, video, text


def close(found: Mapping[Any, dict[str, float]], wanted: Mapping[Any, dict[str, float]]) -> None:
    """Every wanted metric, up to rounding."""
    for direction in wanted:
        assert found[direction] == pytest.approx(wanted[direction]), direction
