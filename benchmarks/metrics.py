"""Retrieval metrics against the plain way of the original: ``OMP_NUM_THREADS=1 python benchmarks/metrics.py``.

`as_published` is a list-by-list reading of how the SignCLIP tables were computed.  It is the yardstick of speed here
and the oracle of the legacy mode in ``tests/evaluation``.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from mmpt_sign.evaluation import retrieval

DEPTHS = (1, 5, 10)


def as_published(scores: Any, video_answers: Sequence[Any], text_answers: Sequence[Any]) -> dict[str, dict[str, float]]:
    """Both directions with Python lists: candidates are tuples that are sorted again for each query."""
    rows = [[float(score) for score in row] for row in scores]
    return {
        "text_to_video": _text_to_video(rows, video_answers, text_answers),
        "video_to_text": _video_to_text(rows, video_answers, text_answers),
    }


def _text_to_video(rows: list[list[float]], videos: Sequence[Any], texts: Sequence[Any]) -> dict[str, float]:
    queries: list[tuple[int, Any]] = []
    for j, text in enumerate(texts):
        if text not in [known for _, known in queries] and text in videos:
            queries.append((j, text))
    found, positives, ranks = dict.fromkeys(DEPTHS, 0), 0, []
    for j, text in queries:
        candidates = [(rows[i][j], videos[i]) for i in range(len(videos))]
        candidates.sort(key=lambda candidate: candidate[0], reverse=True)
        right = [candidate == text for _, candidate in candidates]
        positives += sum(right)
        ranks.append(right.index(True) + 1)
        for k in DEPTHS:
            found[k] += sum(right[:k])
    recall = {f"R@{k}": found[k] / positives for k in DEPTHS}
    precision = {f"P@{k}": found[k] / (len(queries) * k) for k in DEPTHS}
    return recall | precision | {"MedR": statistics.median(ranks), "MeanR": statistics.mean(ranks)}


def _video_to_text(rows: list[list[float]], videos: Sequence[Any], texts: Sequence[Any]) -> dict[str, float]:
    ranks = []
    for i, video in enumerate(videos):
        if video not in texts:
            continue
        candidates = [(rows[i][j], texts[j]) for j in range(len(texts))]
        candidates.sort(key=lambda candidate: candidate[0], reverse=True)
        collapsed = [list(run)[-1] for _, run in itertools.groupby(candidates, key=lambda candidate: candidate[1])]
        ranks.append([text for _, text in collapsed].index(video) + 1)
    recall = {f"R@{k}": sum(rank <= k for rank in ranks) / len(ranks) for k in DEPTHS}
    precision = {f"P@{k}": recall[f"R@{k}"] / k for k in DEPTHS}
    return recall | precision | {"MedR": statistics.median(ranks), "MeanR": statistics.mean(ranks)}


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """The best of a few runs."""
    taken = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def main() -> None:
    """Print the ratio at 2,000 x 2,000 and the seconds at 5,000 x 5,000."""
    rng = np.random.default_rng(0)
    small = rng.standard_normal((2000, 2000)).astype(np.float32)
    names = [f"sign {i}" for i in range(2000)]
    plain = seconds(lambda: as_published(small, names, names), repeats=1)
    for mode in ("legacy", "strict"):
        ours = seconds(lambda mode=mode: retrieval(small, names, names, mode))  # type: ignore[misc]
        print(f"2,000 x 2,000, {mode}: {ours:.3f} s, the plain way {plain:.3f} s: {plain / ours:.0f} times as fast")
    large = rng.standard_normal((5000, 5000)).astype(np.float32)
    every, few = list(range(5000)), rng.integers(0, 1000, 5000)
    for mode in ("strict", "legacy"):
        apart = seconds(lambda mode=mode: retrieval(large, every, every, mode))  # type: ignore[misc]
        shared = seconds(lambda mode=mode: retrieval(large, few, few, mode), repeats=1)  # type: ignore[misc]
        print(f"5,000 x 5,000, {mode}: {apart:.3f} s; with 1,000 answers of about five clips and texts: {shared:.3f} s")


if __name__ == "__main__":
    main()
