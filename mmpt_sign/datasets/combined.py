"""Several data sets as one, in list order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from mmpt_sign.config.contracts import Dataset
from mmpt_sign.datasets._block import DatasetBlock
from mmpt_sign.datasets._split_file import with_splits_of
from mmpt_sign.records import Record


class Combined(Dataset):
    """The records of all parts; ids get the name of their part, so that equal ids do not meet."""

    name: Literal["combined"] = "combined"
    parts: tuple[DatasetBlock, ...] = Field(min_length=1)
    splits: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="per part: splits to rename, such as {train: ignore} to test on a set only"
    )

    split_file: Path | None = Field(None, description="table of ids and splits, as 'mmpt-sign data split' writes it")

    def records(self, data_root: Path | None) -> Sequence[Record]:
        """All records of all splits, part after part."""
        found = [
            replace(
                record, id=f"{prefix}_{record.id}", split=self.splits.get(prefix, {}).get(record.split, record.split)
            )
            for prefix, part in zip(self.prefixes(), self.parts, strict=True)
            for record in part.records(data_root)
        ]
        return with_splits_of(found, self.split_file) if self.split_file else found

    def prefixes(self) -> list[str]:
        """Names of the parts, numbered where one occurs several times."""
        names = [str(getattr(part, "name", "part")) for part in self.parts]
        often = Counter(names)
        return [name if often[name] == 1 else f"{name}{names[:i].count(name) + 1}" for i, name in enumerate(names)]
