"""What corpora of whole sentences share: the sentence is the prompt, and takes of one sentence are one answer."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from mmpt_sign.datasets._corpus import Corpus
from mmpt_sign.datasets._table import Row, read_table
from mmpt_sign.text.prompt import Prompts


class Sentences(Corpus):
    """``extra`` keeps the glosses as ``gloss`` where a corpus has them."""

    prompts: Prompts = ("{text}",)
    captions: Path | None = Field(
        None, description="CSV with columns id and text, such as translations, in place of the corpus's sentences"
    )

    def rows(self, table: Path) -> list[Row]:
        """The rows, their sentences replaced where there are captions; a row without one is left out then."""
        rows = super().rows(table)
        if self.captions is None:
            return rows
        listed = read_table(self.root(table) / self.captions, ("id", "text"))
        captions = {row["id"]: row["text"] for row in listed}
        return [Row(row.number, {**row.values, "text": captions.get(row["id"], "")}) for row in rows]
