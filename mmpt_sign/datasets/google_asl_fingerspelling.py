"""Google's ASL Fingerspelling Recognition data: 67,208 phrases of 100 signers, a thousand to a parquet file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from mmpt_sign.datasets._corpus import Corpus
from mmpt_sign.datasets._splits import SplitBy
from mmpt_sign.datasets._table import Row
from mmpt_sign.datasets._table_set import Column
from mmpt_sign.records import Source
from mmpt_sign.text.tags import SignLanguage

FPS = 30.0  # nominal: the tables do not say


class GoogleAslFingerspelling(Corpus):
    """There are no official splits, so signers are kept apart; a clip is found in its file by its sequence."""

    usual_columns: ClassVar[dict[Column, str]] = {"id": "sequence_id", "signer": "participant_id", "text": "phrase"}
    required: ClassVar[tuple[Column, ...]] = ("id", "path", "text")

    name: Literal["google_asl_fingerspelling"] = "google_asl_fingerspelling"
    clips: str = Field("{path}", description="file in which a row's clip is")
    supplemental: bool = Field(False, description="the 52,958 spelled sentences as well")
    sign_language: SignLanguage | None = "ase"
    split_by: SplitBy | None = "signer"
    valid_share: float = 0.05
    test_share: float = 0.05

    @property
    def table_names(self) -> Sequence[str]:
        """The table of addresses, numbers and links, and the one of sentences if wanted."""
        return ["train.csv", "supplemental_metadata.csv"] if self.supplemental else ["train.csv"]

    def source(self, table: Path, row: Row, position: int) -> Source:
        """The sequence inside its file."""
        return Source(self.clip(table, row), item=row.integer("id"), fps=self.fps or FPS)
