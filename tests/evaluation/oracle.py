"""The strict protocol in obvious lines: slow, one query at a time, nothing shared with the package."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator
from math import inf, isfinite

import numpy as np


def strict(scores, video_answers, text_answers, gallery="video"):
    return {
        direction: metrics(list(queries(scores, video_answers, text_answers, gallery, direction)))
        for direction in ("text_to_video", "video_to_text")
    }


def queries(scores, video_answers, text_answers, gallery, direction) -> Iterator[list[tuple[float, bool]]]:
    """For each query its candidates as (score, right)."""
    clean = [[float(s) if isfinite(s) else -inf for s in row] for row in np.asarray(scores).tolist()]
    texts = list(dict.fromkeys(text_answers))
    rows = [[max(s for s, t in zip(row, text_answers, strict=True) if t == text) for text in texts] for row in clean]
    if direction == "video_to_text":
        found = [[(s, t == v) for s, t in zip(row, texts, strict=True)] for row, v in zip(rows, video_answers, strict=True)]
    else:
        columns = [[row[j] for row in rows] for j in range(len(texts))]
        found = [[(s, v == t) for s, v in zip(c, video_answers, strict=True)] for c, t in zip(columns, texts, strict=True)]
        if gallery == "group":
            groups = list(dict.fromkeys(video_answers))
            found = [
                [(max(s for (s, _), v in zip(q, video_answers, strict=True) if v == g), g == t) for g in groups]
                for q, t in zip(found, texts, strict=True)
            ]
    return (query for query in found if any(right for _, right in query))


def metrics(found):
    ranks = [rank(query) for query in found]
    result = {f"R@{k}": statistics.mean(float(r <= k) for r in ranks) for k in (1, 5, 10)}
    result |= {f"P@{k}": statistics.mean(expected_right(query, k) / k for query in found) for k in (1, 5, 10)}
    return result | {
        "MedR": statistics.median(ranks),
        "MeanR": statistics.mean(ranks),
        "MRR": statistics.mean(1 / r for r in ranks),
    }


def rank(query):
    best = max(score for score, right in query if right)
    wrong = [score for score, right in query if not right]
    return 1 + sum(s > best for s in wrong) + sum(s == best for s in wrong) / 2


def expected_right(query, k):
    """Right candidates among the first k, averaged over the orders of equal scores, block of ties by block."""
    total, room = 0.0, k
    for _, block in itertools.groupby(sorted(query, reverse=True), key=lambda candidate: candidate[0]):
        block = [right for _, right in block]
        taken = min(room, len(block))
        total += taken * sum(block) / len(block)
        room -= taken
    return total
