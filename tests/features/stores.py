"""Stores and corpora made for tests."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mmpt_sign.errors import DataError
from mmpt_sign.features.build import build_store, own_clip
from mmpt_sign.features.store import Store
from mmpt_sign.poses.clip import Clip
from mmpt_sign.records import Record, Source


def made_store(folder: Path, clips: Sequence[Clip] | Mapping[str, Clip], **options: Any) -> Store:
    """A store of clips that are in memory; without ids they are called c0, c1 and so on."""
    named = dict(clips) if isinstance(clips, Mapping) else {f"c{n}": clip for n, clip in enumerate(clips)}
    records = [Record(name, "train", (name,), Source(Path(name))) for name in named]
    build_store(records, lambda record: named[record.id], folder, **options)
    return Store.open(folder)


def corpus(folder: Path, clips: int = 20, *, first: int = 0, broken: Sequence[int] = ()) -> list[Record]:
    """Arrays of one hand on the disk, and their records; the ``broken`` ones cannot be read."""
    folder.mkdir(parents=True, exist_ok=True)
    records = []
    for n in range(first, first + clips):
        path = folder / f"{n:03d}.npy"
        if not path.exists():
            data = np.random.default_rng(n).normal(size=(2 + n % 5, 21, 3)).astype(np.float32)
            np.save(path, data)
            if n in broken:
                path.write_bytes(b"nonsense")
        source = Source(path, layout="hand_21", fps=25.0)
        texts = (f"word {n % 4}", f"other {n}")
        split, signer, group = ("train", "test")[n % 2], f"s{n % 3}", f"g{n % 4}"
        records.append(Record(f"id-{n}", split, texts, source, signer, "ase", "en", group, extra={"row": str(n)}))
    return records


@dataclass(frozen=True)
class Throttled:
    """Reads slowly, and leaves a file named after the reading process in ``trace``."""

    seconds: float
    trace: Path | None = None

    def __call__(self, record: Record) -> Clip:
        """The record's own clip, after a while."""
        if self.trace is not None:
            (self.trace / str(os.getpid())).touch()
        time.sleep(self.seconds)
        return own_clip(record)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def refused(record: Record) -> Clip:
    """Reading that must not happen."""
    raise AssertionError(f"{record.id} was read")


def unreadable(record: Record) -> Clip:
    """Reading that never works."""
    raise DataError(f"{record.source.path}: no clip")
