"""The predictions of two runs, found and read so that they can be paired query by query."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.ranking import DIRECTIONS, Direction, Floats
from mmpt_sign.files import read_csv

Key = tuple[str, str, int]  # the query, its right answer, and which of several equal ones

NEEDED = ("direction", "query_id", "gold", "rank", "gallery_size")
MOST_SHOWN = 120  # characters of what was wrong in a file


@dataclass(frozen=True, slots=True)
class Answered:
    """The ranks of one run, query by query; several seeds side by side."""

    name: str
    keys: Mapping[Direction, tuple[Key, ...]]
    ranks: Mapping[Direction, Floats]  # (Q, seeds)
    galleries: Mapping[Direction, tuple[str, ...]]


def read_answers(name: str, files: Sequence[Path]) -> Answered:
    """The predictions of one run, one file per seed."""
    seeds = [_read(path) for path in files]
    for path, other in zip(files[1:], seeds[1:], strict=True):
        _check_same(f"{files[0]}", seeds[0], f"{path}", other)
    keys, galleries, ranks = {}, {}, {}
    for direction in DIRECTIONS:
        keys[direction] = tuple(sorted(seeds[0][direction]))
        galleries[direction] = tuple(seeds[0][direction][key][1] for key in keys[direction])
        ranks[direction] = np.array([[one[direction][key][0] for one in seeds] for key in keys[direction]], np.float64)
    return Answered(name, keys, ranks, galleries)


def _read(path: Path) -> dict[Direction, dict[Key, tuple[float, str]]]:
    try:
        rows = read_csv(path)
        seen: Counter[tuple[str, ...]] = Counter()
        found: dict[Direction, dict[Key, tuple[float, str]]] = {direction: {} for direction in DIRECTIONS}
        for row in rows:
            direction, query, gold, rank, size = (row[column] for column in NEEDED)
            which = seen[direction, query, gold]
            seen[direction, query, gold] += 1
            found[direction][query, gold, which] = (float(rank), size)  # type: ignore[index]
    except (OSError, KeyError, TypeError, ValueError, csv.Error) as error:
        reason = f"{type(error).__name__}: {error}"[:MOST_SHOWN]  # which may repeat a cell of any length
        raise DataError(f"{path}: not the predictions of a retrieval task ({reason}); predict again") from error
    if not any(found.values()):
        raise DataError(f"{path}: holds no query; predict again")
    return found


def _check_same(
    one: str, first: Mapping[Direction, Iterable[Any]], other: str, second: Mapping[Direction, Iterable[Any]]
) -> None:
    """Both must have answered the same questions, or there is nothing to pair."""
    for direction in DIRECTIONS:
        a, b = set(first[direction]), set(second[direction])
        if a != b:
            missing = [f"{len(x - y)} only in {name}, such as '{min(x - y)[0]}'" for name, x, y in
                       ((one, a, b), (other, b, a)) if x - y]  # fmt: skip
            raise DataError(
                f"{one} and {other} answered different queries ({direction.replace('_to_', ' to ')}): "
                f"{len(a & b)} in both, {'; '.join(missing)}. Predict both on the same data set, split and options"
            )


def check_comparable(first: Answered, second: Answered) -> None:
    """The same queries among as many candidates."""
    _check_same(first.name, first.keys, second.name, second.keys)
    for direction in DIRECTIONS:
        pairs = zip(first.galleries[direction], second.galleries[direction], strict=True)
        different = next((pair for pair in pairs if pair[0] != pair[1]), None)
        if different:
            raise DataError(
                f"{first.name} and {second.name} chose among {different[0]} and {different[1]} candidates "
                f"({direction.replace('_to_', ' to ')}): predict both with the same candidates, gallery and within"
            )


def predictions_of(first: Path, second: Path, evaluation: str = "") -> tuple[list[Path], list[Path]]:
    """The ``predictions.csv`` files of two runs for the evaluation that both have, one per seed."""
    own, other = _predictions(first), _predictions(second)
    if "" in own or "" in other:  # a file or an evaluation folder was named: nothing to choose there
        return _pick(own, first, evaluation), _pick(other, second, evaluation)
    shared = sorted(set(own) & set(other))
    if evaluation:
        return _pick(own, first, evaluation), _pick(other, second, evaluation)
    if len(shared) == 1:
        return own[shared[0]], other[shared[0]]
    if shared:
        raise DataError(f"{first} and {second} share several evaluations: {', '.join(shared)}; name one: --evaluation")
    raise DataError(
        f"{first} and {second} share no evaluation: {', '.join(sorted(own))} and {', '.join(sorted(other))}; "
        "predict both on the same data set and split"
    )


def _predictions(place: Path) -> dict[str, list[Path]]:
    """Evaluation -> files, by seed; the name is empty where the place says it all."""
    if place.is_file():
        return {"": [place]}
    if (place / "predictions.csv").is_file():
        return {"": [place / "predictions.csv"]}
    seeds = sorted(place.glob("seed-*")) if not (place / "eval").is_dir() else [place]
    found: dict[str, list[Path]] = {}
    for seed in seeds:
        for path in sorted(seed.glob("eval/**/predictions.csv")):
            found.setdefault(path.parent.relative_to(seed / "eval").as_posix(), []).append(path)
    if not found:
        raise DataError(f"{place}: no predictions.csv there; run a predict job first (--jobtype local_predict)")
    return found


def _pick(found: Mapping[str, list[Path]], place: Path, evaluation: str) -> list[Path]:
    if "" in found:
        return found[""]
    if not evaluation and len(found) == 1:
        return next(iter(found.values()))
    if evaluation not in found:
        wanted = f"no evaluation '{evaluation}'" if evaluation else "several evaluations"
        raise DataError(f"{place}: {wanted}; it has {', '.join(found)}; name one: --evaluation")
    return found[evaluation]
