"""Sem-Lex: 91,148 videos of 3,149 isolated ASL signs of 41 signers, with the phonology of ASL-LEX."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from mmpt_sign.datasets._corpus import Corpus, Gloss, unique_ids, without_number
from mmpt_sign.datasets._table import Row
from mmpt_sign.datasets._table_set import Column
from mmpt_sign.text.tags import SignLanguage


class SemLex(Corpus):
    """A video may stand in the table several times, under different labels: each is a record of its own."""

    usual_columns: ClassVar[dict[Column, str]] = {"id": "video_id", "signer": "signer_id", "text": "label"}
    files: ClassVar[Mapping[str, str]] = {"semlex_metadata.csv": ""}

    name: Literal["sem_lex"] = "sem_lex"
    clips: str = Field("poses/{clip}.pose", description="file of a row's clip; {clip} is its video_id")
    sign_language: SignLanguage | None = "ase"
    gloss: Gloss = Field("as_is", description="plain: ice_cream_2 becomes ice cream")
    label_types: tuple[str, ...] = Field((), description="such as asllex, freetext; default: all")

    def rows(self, table: Path) -> list[Row]:
        """The rows of the chosen kinds of labels."""
        chosen = [row for row in super().rows(table) if not self.label_types or row["label_type"] in self.label_types]
        return unique_ids(chosen)

    def ours(self, row: Row) -> Mapping[str, str]:
        """The label, as words if wanted."""
        return {"text": without_number(row["text"]) if self.gloss == "plain" else row["text"]}
