"""Which texts a zero-shot test is allowed to ask for: those that the model met often enough before.

The original keeps the prompts of a test set whose text is a concept of its dictionary with more than 20 clips.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from mmpt_sign.config.contracts import Options
from mmpt_sign.datasets._block import DatasetBlock
from mmpt_sign.datasets._id_lists import lines
from mmpt_sign.datasets._table import read_header, read_table
from mmpt_sign.errors import DataError
from mmpt_sign.text.weights import data_root_or_environment

if TYPE_CHECKING:
    from mmpt_sign.records import Record


class Vocabulary(Options):
    """Texts from a file, or counted in another data set: ``vocabulary: {of: spreadthesign}``."""

    file: Path | None = Field(
        None, description="one text per line, or CSV with text and count (or clips, as of data stats)"
    )
    of: DatasetBlock | None = Field(None, description="data set whose clips are counted, all splits of it")
    more_than: int = Field(20, ge=0, description="a text must have more clips than this; a plain list has no counts")

    @model_validator(mode="after")
    def _from_one_place(self) -> Vocabulary:
        if (self.file is None) == (self.of is None):
            raise ValueError("give one of file and of")
        return self

    def texts(self, data_root: Path | None) -> frozenset[str]:
        """The texts that occur often enough."""
        counts = concept_counts(self.of.records(data_root)) if self.of else self._in_file(data_root)
        often = frozenset(text for text, count in counts.items() if count > self.more_than)
        if not often:
            where = self.file or (self.of.part_name if self.of else "")
            raise DataError(
                f"vocabulary: none of the {len(counts)} texts of {where} has more than {self.more_than} clips"
            )
        return often

    def _in_file(self, data_root: Path | None) -> Mapping[str, float]:
        root, given = data_root_or_environment(data_root), Path(str(self.file)).expanduser()
        path = next((p for p in (given, *([root / given] if root else [])) if p.is_file()), given)
        if path.suffix != ".csv":
            return dict.fromkeys(lines(path), float("inf"))
        column = "clips" if "clips" in read_header(path) else "count"
        try:
            return {row["text"]: row.integer(column) or 0 for row in read_table(path, ("text", column))}
        except ValueError as error:
            raise DataError(f"{path}: {error}") from error


def concept_counts(records: Sequence[Record]) -> Counter[str]:
    """How many clips each text has, whatever prompt, language and split it stands in."""
    return Counter(record.extra.get("text", record.texts[0]) for record in records)


def _block(value: Any) -> Any:
    return {"file": value} if isinstance(value, str | Path) else value


VocabularyBlock = Annotated[Vocabulary, BeforeValidator(_block)]
