"""Spreadthesign: a dictionary of some 18,000 concepts in 41 sign languages (SignCLIP's pre-training data)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from mmpt_sign.datasets._corpus import Corpus, prompts_of_task
from mmpt_sign.datasets._id_lists import split_lists
from mmpt_sign.datasets._kept import Absent
from mmpt_sign.datasets._place import whole
from mmpt_sign.datasets._table import Row
from mmpt_sign.datasets._table_set import Column
from mmpt_sign.records import Record
from mmpt_sign.text.tags import TextLanguage

PROMPTS = {
    "retrieval": "<{text_language}> <{sign_language}> {text}",
    "identification": "<{text_language}> <{sign_language}> ",
    "conceptualization": "<{text_language}> <ase> {text}",
}


class Spreadthesign(Corpus):
    """Rows are numbered from 0, and the lists of the splits hold these numbers; rows in no list are left out."""

    usual_columns: ClassVar[dict[Column, str]] = {
        "path": "pose", "text_language": "language", "sign_language": "videoLanguage"}  # fmt: skip
    required: ClassVar[tuple[Column, ...]] = ("path", "text", "text_language", "sign_language")
    files: ClassVar[Mapping[str, str]] = {"metadata.csv": ""}

    name: Literal["spreadthesign"] = "spreadthesign"
    clips: str = Field("poses/{path}", description="file of a row's clip")
    absent: Absent = "skip"
    written: TextLanguage | None = Field("en", description="rows with text in this language; null: all")
    split_version: str = Field("1.0.0-uzh", description="folder in splits/ with train.txt, val.txt and test.txt")
    task: Literal["retrieval", "identification", "conceptualization"] = "retrieval"

    @model_validator(mode="before")
    @classmethod
    def _of_task(cls, values: Any) -> Any:
        return prompts_of_task(values, PROMPTS, "retrieval")

    def rows(self, table: Path) -> list[Row]:
        """The rows in the chosen written language, named by their place in the table."""
        rows = [Row(row.number, {**row.values, "id": str(k)}) for k, row in enumerate(super().rows(table))]
        return [row for row in rows if self.written in (None, row["text_language"])]

    def listed(self, data_root: Path | None) -> Sequence[Record]:
        """The rows of the split lists, unless the splits are drawn anew."""
        if self.split_by or self.split_file:
            return super().listed(data_root)
        lists = {name: f"splits/{self.split_version}/{name}.txt" for name in ("train", "val", "test")}
        whole(self.name, folder := self.place(data_root), [*self.files, *lists.values()])
        split = split_lists(folder, lists)
        return [replace(r, split=split[r.id]) for r in super().listed(data_root) if r.id in split]
