"""SignSuisse: the dictionary of the three sign languages of Switzerland, with example sentences."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from mmpt_sign.datasets._corpus import Corpus
from mmpt_sign.datasets._table import Row
from mmpt_sign.datasets._table_set import Column
from mmpt_sign.text.tags import sign_language_tag

SIGNCLIP = {"dsgs": "sgg", "lsf-ch": "fsl", "lis-ch": "ise"}  # what the released weights have read


class Suisse(Corpus):
    """Each row is the clip of a headword and, where there is one, the clip of its example sentence."""

    usual_columns: ClassVar[dict[Column, str]] = {
        "text": "name", "text_language": "spokenLanguage", "sign_language": "signedLanguage"}  # fmt: skip
    required: ClassVar[tuple[Column, ...]] = ("id", "text", "text_language", "sign_language")
    files: ClassVar[Mapping[str, str]] = {"metadata_train.csv": "train", "metadata_test.csv": "test"}

    name: Literal["suisse"] = "suisse"
    examples: str | None = Field("poses_example/{id}.pose", description="file of an example's clip; null: no examples")
    tags: Literal["signclip", "iso"] = Field("signclip", description="iso: ssr and slf instead of fsl and ise")
    valid_rows: int = Field(1000, ge=0, description="rows of the training table that validate")
    split_seed: int = 42

    def rows(self, table: Path) -> list[Row]:
        """Headwords and examples; the last rows of the shuffled training table validate, as in the original."""
        rows = super().rows(table)
        if table.name == self.landmark:
            order = np.random.RandomState(self.split_seed).permutation(len(rows))
            held = {int(k) for k in order[max(len(rows) - self.valid_rows, 0) :]}
            rows = [Row(r.number, {**r.values, "split": "valid"}) if k in held else r for k, r in enumerate(rows)]
        return [each for row in rows for each in self._both(table, row)]

    def ours(self, row: Row) -> Mapping[str, str]:
        """The tag of Swiss French Sign Language is not theirs, as little as ours is the original's."""
        code = row["sign_language"]
        return {"sign_language": SIGNCLIP.get(code, code) if self.tags == "signclip" else sign_language_tag(code)}

    def _both(self, table: Path, row: Row) -> list[Row]:
        own = {**row.values, "kind": "lexical", "clips": self.clips}
        shown = {**own, "kind": "example", "clips": self.examples or "", "entry": row["id"], "text": row["example"]}
        has = self.examples and row["example"] and (table.parent / self.examples.format_map(own)).is_file()
        return [Row(row.number, own), *([Row(row.number, {**shown, "id": f"{row['id']}_example"})] if has else [])]

    def clip(self, table: Path, row: Row, pattern: str | None = None) -> Path:
        """The clip of the headword or of its example."""
        entry = Row(row.number, {**row.values, "id": row["entry"] or row["id"]})
        return super().clip(table, entry, pattern or row["clips"])
