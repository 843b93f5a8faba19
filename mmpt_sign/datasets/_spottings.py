"""Signs that were spotted in the episodes of BOBSL: where the files are, and which frames around a spotting count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mmpt_sign.datasets._json import read_json
from mmpt_sign.datasets._table import Row, read_table
from mmpt_sign.errors import DataError

Kind = Literal[
    "dict", "mouthing", "verified_mouthing", "verified_dict", "attention", "pseudo_labels", "swin", "exemplar", "other"
]
# first frame, last frame (not included) around the spotting, and the least score, as the original has them
WINDOWS: dict[Kind, tuple[int, int, float]] = {
    "dict": (-3, 22, 0.8),
    "mouthing": (-9, 11, 0.9),
    "verified_mouthing": (-15, 4, 0.0),
    "verified_dict": (-3, 22, 0.0),
    "attention": (-8, 18, 0.5),
    "pseudo_labels": (0, 19, 0.3),
    "swin": (5, 25, 2.0),
    "exemplar": (0, 19, 0.0),
    "other": (-8, 8, 0.0),
}
MANUAL, AUTOMATIC = "manual_annotations/isolated_signs", "automatic_annotations/isolated_signs"
FILES: dict[str, Kind] = {
    f"{MANUAL}/verified_dict_spottings.json": "verified_dict",
    f"{MANUAL}/verified_mouthing_spottings.json": "verified_mouthing",
    f"{AUTOMATIC}/dictionary/dictionary_spottings_v1.json": "dict",
    f"{AUTOMATIC}/mouthing/mouthing_spottings_v1.json": "mouthing",
    f"{AUTOMATIC}/attention/attention_spottings.json": "attention",
}


@dataclass(frozen=True, slots=True)
class Spotting:
    """A sign at a second of an episode."""

    episode: str
    gloss: str
    seconds: float
    score: float
    split: str


def windows(path: Path, kind: Kind, least: float | None, fps: float) -> Iterator[Row]:
    """A row for each spotting that is sure enough, with the frames around it that count."""
    first, last, usual = WINDOWS[kind]
    sure = (spot for spot in spottings(path) if spot.score >= (usual if least is None else least))
    for number, spot in enumerate(sure, start=1):
        at, name = round(spot.seconds * fps), f"{spot.episode}_{round(spot.seconds * 1000):08d}_{kind}_{spot.gloss}"
        span = {"start": str(max(at + first, 0)), "end": str(max(at + last, 1))}
        own = {"id": name, "text": spot.gloss, "split": spot.split, "episode": spot.episode, "spotted": kind}
        yield Row(number, {**own, **span})


def spottings(path: Path) -> Iterator[Spotting]:
    """The spottings of a JSON file of the corpus, or of a table with the columns of its pickled ones."""
    try:
        yield from _of_table(path) if path.suffix == ".csv" else _of_json(read_json(path))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DataError(f"{path}: is no file of spottings: {type(error).__name__} {error}") from error


def _of_json(splits: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Iterator[Spotting]:
    for split, signs in splits.items():
        for gloss, found in signs.items():
            scores = found.get("probs") or [1.0] * len(found["names"])
            for episode, seconds, score in zip(found["names"], found["global_times"], scores, strict=True):
                yield Spotting(str(episode).removesuffix(".mp4"), gloss, float(seconds), float(score), split)


def _of_table(path: Path) -> Iterator[Spotting]:
    for row in read_table(path, ("episode_name", "annot_word", "annot_time", "annot_prob")):
        episode, score = row["episode_name"].removesuffix(".mp4"), float(row["annot_prob"])
        yield Spotting(episode, row["annot_word"], float(row["annot_time"]), score, row["split"] or "train")
