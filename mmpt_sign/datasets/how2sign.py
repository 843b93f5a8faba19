"""How2Sign: 35,000 sentences of instructional videos in American Sign Language, re-aligned."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import ceil
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from mmpt_sign.datasets._corpus import Span
from mmpt_sign.datasets._sentences import Sentences
from mmpt_sign.datasets._table import Dialect, Row
from mmpt_sign.datasets._table_set import Column
from mmpt_sign.text.tags import SignLanguage


class How2Sign(Sentences):
    """A sentence is an answer, and several takes of it are clips of the same answer."""

    usual_columns: ClassVar[dict[Column, str]] = {"id": "SENTENCE_NAME", "text": "SENTENCE", "group": "SENTENCE_ID"}
    required: ClassVar[tuple[Column, ...]] = ("id", "text", "group")
    dialect: ClassVar[Dialect] = Dialect("\t", quoted=False)
    files: ClassVar[Mapping[str, str]] = {
        "how2sign_realigned_train.csv": "train",
        "how2sign_realigned_val.csv": "valid",
        "how2sign_realigned_test.csv": "test",
    }

    name: Literal["how2sign"] = "how2sign"
    clips: str = Field("poses/{id}.pose", description="poses/{VIDEO_NAME}.pose: whole videos, cut by the table")
    sign_language: SignLanguage | None = "ase"
    named: Literal["sentence", "clip"] = Field("sentence", description="clip: VIDEO_NAME_clip0, … as CiCo's features")
    video_fps: float = Field(24.0, gt=0, description="rate of whole videos, by which seconds become frames")

    def rows(self, table: Path) -> list[Row]:
        """The rows; ``clip`` is CiCo's name, the rank of a sentence among those of its video by time."""
        ranks: Counter[str] = Counter()
        clip: dict[int, str] = {}
        rows = super().rows(table)
        if self.manifests:
            return rows
        for row in sorted(rows, key=lambda row: (row["VIDEO_NAME"], self._seconds(row, "START"))):
            clip[row.number] = f"{row['VIDEO_NAME']}_clip{ranks[row['VIDEO_NAME']]}"
            ranks[row["VIDEO_NAME"]] += 1
        name = "clip" if self.named == "sentence" else "id"
        return [Row(row.number, {**row.values, name: clip[row.number]}) for row in rows]

    def span(self, row: Row) -> Span:
        """The sentence's part of a whole video."""
        if "{VIDEO_" not in self.clips:
            return None, None
        start, end = (self._seconds(row, edge) * self.video_fps for edge in ("START", "END"))
        return int(start), ceil(end)

    @staticmethod
    def _seconds(row: Row, edge: str) -> float:
        return row.decimal(f"{edge}_REALIGNED") or 0.0
