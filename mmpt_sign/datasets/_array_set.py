"""Corpora kept as ``STEM.npz`` archives, one entry per clip, beside ``STEM.csv`` or ``index.csv`` in the same order."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import ClassVar

import numpy as np
from pydantic import Field

from mmpt_sign.datasets._table import Row
from mmpt_sign.datasets._table_set import Column, Stems, TableSet
from mmpt_sign.errors import DataError
from mmpt_sign.records import Source

MAX_INDEX_BYTES = 256 << 20


class ArraySet(TableSet):
    """Folder and stems come from YAML, so a set of the same layout with other signs or languages needs no code."""

    usual_columns: ClassVar[dict[Column, str]] = {
        "sign_language": "language", "text_language": "spoken_language", "frames": "n_frames", "text": "gloss",
    }  # fmt: skip

    stems: Stems = Field(min_length=1, description="file names without ending; several are concatenated")
    member: str = Field("xyz", description="array inside the archive: (N, T, V, C), or (frames, V, C) with offsets")
    layout: str = Field("holistic_203", description="what the points are")

    @property
    def landmark(self) -> str:
        """The first archive."""
        return f"{self.stems[0]}.npz"

    def tables(self, folder: Path) -> Sequence[Path]:
        """One table per stem; a folder with a single archive may call it ``index.csv``."""
        own = [folder / f"{stem}.csv" for stem in self.stems]
        return own if len(own) > 1 or own[0].is_file() else [folder / "index.csv"]

    def rows(self, table: Path) -> list[Row]:
        """The rows, checked to be in the order of the archive: a shifted row would get another sign's frames."""
        rows = super().rows(table)
        archive = self._archive(table)
        ids, offsets = _index(archive)
        if offsets is not None and len(offsets) != len(rows) + 1:
            raise DataError(f"{table}: {len(rows)} rows, but {archive.name} holds {len(offsets) - 1} clips")
        if ids is not None and ids != [row["id"] for row in rows]:
            wrong = next((i for i, (a, row) in enumerate(zip(ids, rows, strict=False)) if a != row["id"]), None)
            place = (
                f"{len(ids)} clips, {len(rows)} rows"
                if wrong is None
                else f"row {rows[wrong].number} is '{ids[wrong]}' there"
            )
            raise DataError(f"{table}: is not in the order of {archive.name}: {place}")
        return rows

    def source(self, table: Path, row: Row, position: int) -> Source:
        """The entry at the row's own position; in an archive with ``offsets`` its frames of the joined array."""
        archive, fps = self._archive(table), row.number_of("fps") or self.fps
        offsets = _index(archive)[1]
        if offsets is None:
            return Source(archive, None, None, self.member, position, self.layout, fps)
        return Source(archive, offsets[position], offsets[position + 1], self.member, None, self.layout, fps)

    def _archive(self, table: Path) -> Path:
        stem = table.stem if table.stem in self.stems else self.stems[0]
        return table.with_name(f"{stem}.npz")


def _index(archive: Path) -> tuple[list[str] | None, list[int] | None]:
    """The ids and the offsets stored in an archive, None where it stores none."""
    try:
        return _read_index(archive, archive.stat().st_mtime_ns)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise DataError(f"{archive}: cannot be read as an archive of arrays ({error})") from error


@lru_cache(maxsize=16)
def _read_index(archive: Path, changed: int) -> tuple[list[str] | None, list[int] | None]:
    with zipfile.ZipFile(archive) as members:
        sizes = {entry.filename: entry.file_size for entry in members.infolist()}
    if max(sizes.get("ids.npy", 0), sizes.get("offsets.npy", 0)) > MAX_INDEX_BYTES:
        raise ValueError(f"its index unpacks to more than {MAX_INDEX_BYTES} bytes")
    with np.load(archive, allow_pickle=False) as arrays:
        ids = [str(name) for name in arrays["ids"].tolist()] if "ids" in arrays else None
        offsets = [int(start) for start in arrays["offsets"].tolist()] if "offsets" in arrays else None
    return ids, offsets
