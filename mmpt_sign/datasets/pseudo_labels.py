"""Signs that a classifier is sure to see in videos of sentences, as ``mmpt-sign pseudo-label`` writes them down."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from mmpt_sign.datasets._corpus import Corpus, Span
from mmpt_sign.datasets._table import Row
from mmpt_sign.datasets._table_set import Column
from mmpt_sign.text.prompt import Prompts


class PseudoLabels(Corpus):
    """Every row is a span of frames of a video; nothing has been cut out."""

    required: ClassVar[tuple[Column, ...]] = ("id", "text", "split", "start", "end")
    files: ClassVar[Mapping[str, str]] = {"pseudo_labels.csv": ""}

    name: Literal["pseudo_labels"] = "pseudo_labels"
    folder: Path | None = Field(None, description="where the table is; default: pseudo_labels in the data root")
    clips: str = Field("poses/{video}.pose", description="file of a row's video; {column} stands for the row's value")
    prompts: Prompts = ("{text}",)
    group_by: Literal["prompt", "text"] = "text"
    surer_than: float = Field(0.0, ge=0, lt=1, description="leave less probable labels out")

    def rows(self, table: Path) -> list[Row]:
        """The rows that are sure enough."""
        sure = [row for row in super().rows(table) if (row.decimal("probability") or 1.0) > self.surer_than]
        lengths = ((row, (row.integer("end") or 0) - (row.integer("start") or 0)) for row in sure)
        return [Row(row.number, {**row.values, "frames": str(length)}) for row, length in lengths]

    def span(self, row: Row) -> Span:
        """The frames of the sign, at the rate of its video."""
        return row.integer("start"), row.integer("end")
