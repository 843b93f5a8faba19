"""Corpora kept as ``.pose`` files beside one index table."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from mmpt_sign.datasets._table import Row
from mmpt_sign.datasets._table_set import Column, Stems, TableSet
from mmpt_sign.records import Source


class PoseSet(TableSet):
    """One file per row, named by a pattern of the row's columns."""

    usual_columns: ClassVar[dict[Column, str]] = {
        "sign_language": "language", "text_language": "spoken_language", "frames": "n_frames",
    }  # fmt: skip

    stems: Stems = Field(("index",), min_length=1, description="index tables without their ending")
    file: str = Field("{id}.pose", description="name of a row's pose file; {column} stands for the row's value")

    @property
    def landmark(self) -> str:
        """The first table."""
        return f"{self.stems[0]}.csv"

    def tables(self, folder: Path) -> Sequence[Path]:
        """One per stem."""
        return [folder / f"{stem}.csv" for stem in self.stems]

    def source(self, table: Path, row: Row, position: int) -> Source:
        """The row's pose file, inside the corpus's folder."""
        try:
            name = self.file.format_map(dict(row.values))
        except (KeyError, IndexError, AttributeError) as error:
            raise ValueError(f"file '{self.file}' asks for {error}, which is no column") from error
        return Source(inside(table.parent, name))


def inside(folder: Path, name: str, allow_absolute: bool = False) -> Path:
    """``folder / name``; ValueError if that leaves the folder: a foreign table must not name any file it likes."""
    if not name or "\0" in name:
        raise ValueError("the path is empty")
    path = Path(name)
    if path.is_absolute() and allow_absolute:
        return path
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        raise ValueError(f"path '{name}' leaves the folder")
    return folder / path
