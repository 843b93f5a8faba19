"""Caption manifests of CiCo and SEDS: a pickle per split, from the id of a sentence to its takes."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from mmpt_sign.datasets._table import Row
from mmpt_sign.errors import DataError
from mmpt_sign.features.pickles import read_pickle

Caption = Literal["ori_text", "text"]
MAX_BYTES = 256 << 20
SHOWN = 3
log = logging.getLogger(__name__)


def manifest_rows(path: Path, split: str, caption: Caption, train: Path | None) -> list[Row]:
    """A row per take; sentences that are also in ``train`` are left out of another split, and that is said.

    The manifest ``dev`` of PHOENIX-2014T, for one, holds the training sentences as well.
    """
    takes = _takes(path, path.stat().st_mtime_ns)
    if train is not None:
        known = {name for group in _takes(train, train.stat().st_mtime_ns).values() for name, _, _ in group}
        both = [key for key, group in takes.items() if any(name in known for name, _, _ in group)]
        if both:
            log.warning(
                "%s: %d of its %d sentences are those of %s and are left out; %d remain for '%s'",
                path, len(both), len(takes), train.name, len(takes) - len(both), split,
            )  # fmt: skip
            takes = {key: group for key, group in takes.items() if key not in set(both)}
    rows: list[Row] = []
    for key, group in takes.items():
        text = _text(group[0][2], caption)
        for name, frames, _ in group:
            values = {"id": name, "text": text, "group": key, "split": split, "frames": str(frames or "")}
            rows.append(Row(len(rows) + 1, {**values, "part": "dev" if split == "valid" else split}))
    return rows


Take = tuple[str, int | None, Mapping[str, str]]  # name of the video, frames, its texts


@lru_cache(maxsize=8)
def _takes(path: Path, changed: int) -> dict[str, Sequence[Take]]:
    content = read_pickle(path, MAX_BYTES)
    if not isinstance(content, dict) or not content:
        raise DataError(f"{path}: is no manifest, which is a dictionary of sentences, but a {type(content).__name__}")
    try:
        return {str(key): [_take(one) for one in _listed(value)] for key, value in content.items()}
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: is no manifest of captions: {type(error).__name__} {error}") from error


def _listed(value: Any) -> list[Any]:
    """The takes of a sentence: a list of them, or one without a list around it."""
    takes = value if isinstance(value, list) else [value]
    if not takes:
        raise ValueError("a sentence without a take")
    return takes


def _take(one: Any) -> Take:
    name, frames = one["video_name"], one.get("num_frames")
    texts = {key: one[key] for key in ("ori_text", "text") if key in one}
    if not isinstance(name, str) or not all(isinstance(text, str) for text in texts.values()) or not texts:
        raise ValueError(f"a take of the video {name!r} without a text")
    return name.removesuffix(".mp4"), None if frames is None else int(frames), texts


def _text(texts: Mapping[str, str], caption: Caption) -> str:
    """The text that was asked for, or the only one there is."""
    return texts.get(caption) or next(iter(texts.values()))
