"""Google's Isolated Sign Language Recognition data (asl-signs): 250 ASL signs, one parquet file per clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Literal

from mmpt_sign.datasets._kept import Absent
from mmpt_sign.datasets._pose_set import PoseSet
from mmpt_sign.datasets._splits import shuffled_split
from mmpt_sign.datasets._table_set import Column, Stems
from mmpt_sign.records import Record
from mmpt_sign.text.prompt import Prompts
from mmpt_sign.text.tags import SignLanguage


class AslSigns(PoseSet):
    """Splits as in the original (seed 3407, 5 % each), which share signers; ``split_by: signer`` keeps them apart."""

    usual_columns: ClassVar[dict[Column, str]] = {"id": "sequence_id", "signer": "participant_id", "text": "sign"}
    required: ClassVar[tuple[Column, ...]] = ("id", "path", "text")

    name: Literal["asl_signs"] = "asl_signs"
    stems: Stems = ("train",)
    file: str = "{path}"
    prompts: Prompts = ('Sign the sign "{text}" in American Sign Language.',)
    sign_language: SignLanguage | None = "ase"
    valid_share: float = 0.05
    test_share: float = 0.05
    absent: Absent = "error"

    def listed(self, data_root: Path | None) -> Sequence[Record]:
        """Every clip of ``train.csv``."""
        found = super().listed(data_root)
        if self.split_by:
            return found
        ids = [record.id for record in found]
        split = shuffled_split(ids, self.split_seed, self.valid_share, self.test_share)
        return [replace(record, split=split[record.id]) for record in found]
