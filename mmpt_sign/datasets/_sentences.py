"""What corpora of whole sentences share: the sentence is the prompt, and takes of one sentence are one answer."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from mmpt_sign.datasets._corpus import Corpus
from mmpt_sign.datasets._manifest import Caption, manifest_rows
from mmpt_sign.datasets._table import Row, read_table
from mmpt_sign.records import Record
from mmpt_sign.text.prompt import Prompts

Split = Literal["train", "valid", "test"]


class Sentences(Corpus):
    """``extra`` keeps the glosses as ``gloss`` where a corpus has them, and the sentence's own id as ``sentence``."""

    prompts: Prompts = ("{text}",)
    captions: Path | None = Field(
        None, description="CSV with columns id and text, such as translations, in place of the corpus's sentences"
    )
    manifests: dict[Split, Path] = Field(
        default_factory=dict, description="CiCo's caption pickles by split, in place of the corpus's own tables"
    )
    caption: Caption = Field("ori_text", description="text of the manifests: as written, or as machine-translated")
    same_answer: Literal["text", "group"] = Field(
        "text", description="sentences of the same text are one answer, or only takes of one sentence, as in CiCo"
    )

    @property
    def table_names(self) -> Sequence[str]:
        """The manifests, else the corpus's own tables."""
        return [str(path) for path in self.manifests.values()] or list(self.files)

    def listed(self, data_root: Path | None) -> Sequence[Record]:
        """Every take; the group of a sentence is that of the first one with the same text."""
        found = [replace(r, extra={**r.extra, "sentence": r.group}) for r in super().listed(data_root)]
        if self.same_answer == "group":
            return found
        first: dict[str, str] = {}
        return [replace(r, group=first.setdefault(normalised(r.extra["text"]), r.group)) for r in found]

    def rows(self, table: Path) -> list[Row]:
        """The rows, their sentences replaced where there are captions; a row without one is left out then."""
        rows = self._of_manifest(table) if self.manifests else super().rows(table)
        if self.captions is None:
            return rows
        listed = read_table(self.root(table) / self.captions, ("id", "text"))
        captions = {row["id"]: row["text"] for row in listed}
        return [Row(row.number, {**row.values, "text": captions.get(row["id"], "")}) for row in rows]

    def _of_manifest(self, table: Path) -> list[Row]:
        root = self.root(table)
        split = next(name for name, path in self.manifests.items() if root / path == table)
        train = self.manifests.get("train") if split == "valid" else None
        return manifest_rows(table, split, self.caption, None if train is None else root / train)


def normalised(text: str) -> str:
    """The form in which equal texts are equal: composed letters, single blanks, no case."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
