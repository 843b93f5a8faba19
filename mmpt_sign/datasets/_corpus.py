"""Corpora as their owners hand them out: their own tables, and a clip for each row wherever poses were estimated."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Literal

from pydantic import Field

from mmpt_sign.datasets._kept import Absent
from mmpt_sign.datasets._place import whole
from mmpt_sign.datasets._pose_set import inside
from mmpt_sign.datasets._table import Row
from mmpt_sign.datasets._table_set import TableSet
from mmpt_sign.records import Record, Source

Gloss = Literal["as_is", "plain"]
Span = tuple[int | None, int | None]
FEATURES = "frames"  # what the points of (T, D) arrays are called


class Corpus(TableSet):
    """One or several tables at their official places in the corpus's folder; a table may be a whole split."""

    files: ClassVar[Mapping[str, str]] = {}  # table -> the split of its rows, "" where its rows say

    clips: str = Field("poses/{id}.pose", description="file of a row's clip; {column} stands for the row's value")
    layout: str | None = Field(None, description="what the points of .npy clips are; frames: (T, D) features")
    also: dict[str, str] = Field(
        default_factory=dict, description="further streams: file of a row's features there, such as i3d/{id}.npy"
    )
    absent: Absent = "error"

    @property
    def table_names(self) -> Sequence[str]:
        """Where the tables are in the corpus's folder."""
        return list(self.files)

    @property
    def landmark(self) -> str:
        """The first table."""
        return self.table_names[0]

    def tables(self, folder: Path) -> Sequence[Path]:
        """All tables; those that are not there are named in one message."""
        return whole(self.part_name, folder, self.table_names)

    def root(self, table: Path) -> Path:
        """The corpus's folder, which a table may be deep inside of."""
        name = next((name for name in self.table_names if table.match(name)), self.landmark)
        return table.parents[len(PurePosixPath(name).parts) - 1]

    def rows(self, table: Path) -> list[Row]:
        """The rows in our words, with the split of their table."""
        split = next((split for file, split in self.files.items() if table.match(file)), "")
        given = {"split": split} if split else {}
        rows = [Row(row.number, {**row.values, **given}) for row in super().rows(table)]
        return [Row(row.number, {**row.values, **self.ours(row)}) for row in rows]

    def ours(self, row: Row) -> Mapping[str, str]:
        """What the corpus's columns mean in ours, beyond their names."""
        return {}

    def source(self, table: Path, row: Row, position: int) -> Source:
        """The row's clip, inside the corpus's folder."""
        return Source(self.clip(table, row), *self.span(row), layout=self._layout, fps=self.fps)

    def span(self, row: Row) -> Span:
        """The frames of the clip inside its file, where that holds more."""
        return None, None

    def clip(self, table: Path, row: Row, pattern: str | None = None) -> Path:
        """The file of a row's clip, or the one that another pattern names."""
        pattern = pattern or self.clips
        try:
            name = pattern.format_map(dict(row.values))
        except (KeyError, IndexError, AttributeError, ValueError) as error:
            raise ValueError(f"file '{pattern}' asks for {error}, which is no column") from error
        return inside(self.root(table), name)

    def _record(self, table: Path, row: Row, position: int) -> Record:
        record = super()._record(table, row, position)
        more = {stream: self._further(table, row, file) for stream, file in self.also.items()}
        return replace(record, sources=more) if more else record

    def _further(self, table: Path, row: Row, file: str) -> Source:
        layout = FEATURES if file.endswith(".npy") else None
        return Source(self.clip(table, row, file), *self.span(row), layout=layout, fps=self.fps)

    @property
    def _layout(self) -> str | None:
        return self.layout if self.clips.endswith((".npy", ".npz")) else None


def prompts_of_task(values: Any, prompts: Mapping[str, str], usual: str) -> Any:
    """The block of a data set with the prompts of its task, unless it gives its own; to be checked afterwards."""
    task = values.get("task", usual) if isinstance(values, dict) else usual
    return {"prompts": prompts[task], **values} if isinstance(values, dict) and task in prompts else values


def unique_ids(rows: Sequence[Row]) -> list[Row]:
    """The rows with ``.2``, ``.3`` … behind an id that was there before: one clip may bear several labels."""
    seen: Counter[str] = Counter()
    found = []
    for row in rows:
        seen[row["id"]] += 1
        often = seen[row["id"]]
        found.append(Row(row.number, {**row.values, "clip": row["id"], "id": f"{row['id']}.{often}"}) if often > 1 else
                     Row(row.number, {**row.values, "clip": row["id"]}))  # fmt: skip
    return found


def without_digits(gloss: str) -> str:
    """``DOG1`` -> ``dog``: ASL Citizen numbers the variants of a gloss."""
    return gloss.lower().rstrip("0123456789")


def without_number(gloss: str) -> str:
    """``ice_cream_2`` -> ``ice cream``: Sem-Lex numbers variants behind an underscore."""
    return re.sub(r"_[0-9]+\Z", "", gloss).replace("_", " ")
