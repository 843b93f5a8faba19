"""How alike the signs of different languages for the same meaning are, in the space of a model.

What: for each meaning the standard deviation over languages of every dimension, summed; small = the languages agree,
as they tend to where a sign pictures what it means.  Beside it the mean cosine of all pairs of languages.
Needs: vectors of clips with a meaning and a language; several clips of one language are averaged first.
Reference: Jiang et al. 2024, SignCLIP, iconicity analysis (302 concepts that each occur in 37 languages).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Row = dict[str, Any]
COLUMNS = ("meaning", "n_languages", "n_clips", "spread", "mean_cosine", "languages")


def spreads(
    vectors: NDArray[Any], meanings: Sequence[str], languages: Sequence[str], at_least: int, exactly: int | None = None
) -> list[Row]:
    """One row per meaning that enough languages have, the most alike first."""
    of_meaning: dict[str, dict[str, list[int]]] = {}
    for i, (meaning, language) in enumerate(zip(meanings, languages, strict=True)):
        of_meaning.setdefault(meaning, {}).setdefault(language, []).append(i)
    rows = list(_rows(np.asarray(vectors, np.float64), of_meaning, at_least, exactly))
    return sorted(rows, key=lambda row: (row["spread"], row["meaning"]))


def _rows(
    vectors: NDArray[np.float64], of_meaning: dict[str, dict[str, list[int]]], at_least: int, exactly: int | None
) -> Iterator[Row]:
    for meaning, clips in of_meaning.items():
        count = len(clips)
        if count < max(2, at_least) or (exactly is not None and count != exactly):
            continue
        means = np.stack([vectors[positions].mean(axis=0) for positions in clips.values()])
        yield {
            "meaning": meaning,
            "n_languages": count,
            "n_clips": sum(map(len, clips.values())),
            "spread": float(means.std(axis=0).sum()),
            "mean_cosine": _mean_cosine(means),
            "languages": " ".join(sorted(clips)),
        }


def _mean_cosine(means: NDArray[np.float64]) -> float:
    """Mean over all pairs of different rows."""
    unit = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
    count = len(unit)
    return float((np.sum(unit.sum(axis=0) ** 2) - np.sum(unit * unit)) / (count * (count - 1)))
