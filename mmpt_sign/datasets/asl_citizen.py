"""ASL Citizen: 84,000 videos of 2,731 isolated ASL signs, made by 52 signers at home."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import ClassVar, Literal

from pydantic import Field

from mmpt_sign.datasets._corpus import Corpus, Gloss, without_digits
from mmpt_sign.datasets._table import Row
from mmpt_sign.datasets._table_set import Column
from mmpt_sign.text.tags import SignLanguage


class AslCitizen(Corpus):
    """The official splits, in which no signer is in two."""

    usual_columns: ClassVar[dict[Column, str]] = {"signer": "Participant ID", "path": "Video file", "text": "Gloss"}
    required: ClassVar[tuple[Column, ...]] = ("path", "text")
    files: ClassVar[Mapping[str, str]] = {
        "splits/train.csv": "train", "splits/val.csv": "valid", "splits/test.csv": "test",
    }  # fmt: skip

    name: Literal["asl_citizen"] = "asl_citizen"
    sign_language: SignLanguage | None = "ase"
    gloss: Gloss = Field("as_is", description="plain: DOG1 becomes dog")

    def ours(self, row: Row) -> Mapping[str, str]:
        """A clip is named as its video."""
        text = without_digits(row["text"]) if self.gloss == "plain" else row["text"]
        return {"id": PurePosixPath(row["path"]).stem, "text": text}
