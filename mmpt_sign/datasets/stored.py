"""A clip store as a data set: its index holds the whole records, so the corpus it was built from is not needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import Field

from mmpt_sign.config.contracts import Dataset
from mmpt_sign.datasets._stores import store_folder
from mmpt_sign.features.store import opened
from mmpt_sign.records import Record


class Stored(Dataset):
    """Splits, prompts, signers and languages are those that the records had when the store was built."""

    name: Literal["stored"] = "stored"
    folder: Path = Field(description="the store; relative to the data root or to the current folder")
    splits: dict[str, str] = Field(default_factory=dict, description="splits to rename, such as {valid: train}")

    def records(self, data_root: Path | None) -> Sequence[Record]:
        """The records of the index, in its order."""
        records = opened(store_folder(self.folder, data_root)).records()
        return [replace(r, split=self.splits[r.split]) if r.split in self.splits else r for r in records]
