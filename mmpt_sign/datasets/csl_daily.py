"""CSL-Daily: 20,654 sentences of everyday life in Chinese Sign Language with glosses, several takes each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Literal

from mmpt_sign.datasets._place import whole
from mmpt_sign.datasets._sentences import Sentences
from mmpt_sign.datasets._table import Dialect, Row, read_table
from mmpt_sign.datasets._table_set import Column
from mmpt_sign.text.tags import SignLanguage, TextLanguage

SPLITS = "sentence_label/split_1.txt"


class CslDaily(Sentences):
    """``S000020_P0000_T00`` is take 0 of sentence 20 by signer 0; takes of one sentence are the same answer."""

    usual_columns: ClassVar[dict[Column, str]] = {"id": "name", "text": "char"}
    required: ClassVar[tuple[Column, ...]] = ("id", "text")
    dialect: ClassVar[Dialect] = Dialect("|", quoted=False)
    files: ClassVar[Mapping[str, str]] = {"sentence_label/video_map.txt": ""}

    name: Literal["csl_daily"] = "csl_daily"
    sign_language: SignLanguage | None = "csl"
    text_language: TextLanguage = "zh"

    def tables(self, folder: Path) -> Sequence[Path]:
        """The table of videos, once the list of splits is there as well."""
        if self.manifests:
            return super().tables(folder)
        return whole(self.name, folder, [*self.files, SPLITS])[:1]

    def rows(self, table: Path) -> list[Row]:
        """The rows that the list puts into a split."""
        if self.manifests:
            signed = [(row, self.ours(row)["signer"]) for row in super().rows(table)]
            return [Row(row.number, {**row.values, "signer": signer}) for row, signer in signed]
        listed = read_table(table.with_name(Path(SPLITS).name), ("name", "split"), dialect=self.dialect)
        split = {row["name"]: row["split"] for row in listed}
        rows = [row for row in super().rows(table) if row["id"] in split]
        return [Row(row.number, {**row.values, "split": split[row["id"]]}) for row in rows]

    def ours(self, row: Row) -> Mapping[str, str]:
        """Characters without the blanks between them."""
        sentence, signer = (*row["id"].split("_"), "")[:2]
        return {"text": row["text"].replace(" ", ""), "group": sentence, "signer": signer}
