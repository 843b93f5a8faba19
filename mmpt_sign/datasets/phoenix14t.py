"""RWTH-PHOENIX-Weather 2014 T: 8,257 sentences of German weather forecasts with glosses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from mmpt_sign.datasets._sentences import Sentences
from mmpt_sign.datasets._table import Dialect, Row
from mmpt_sign.datasets._table_set import Column
from mmpt_sign.text.tags import SignLanguage, TextLanguage

MANUAL = "annotations/manual/PHOENIX-2014-T"


class Phoenix14T(Sentences):
    """The corpus's own tables: its dev split shares nothing with train, unlike the manifest that CiCo hands out."""

    usual_columns: ClassVar[dict[Column, str]] = {"id": "name", "text": "translation", "signer": "speaker"}
    dialect: ClassVar[Dialect] = Dialect("|", quoted=False)
    files: ClassVar[Mapping[str, str]] = {
        f"{MANUAL}.train.corpus.csv": "train",
        f"{MANUAL}.dev.corpus.csv": "valid",
        f"{MANUAL}.test.corpus.csv": "test",
    }
    required: ClassVar[tuple[Column, ...]] = ("id", "text")

    name: Literal["phoenix14t"] = "phoenix14t"
    clips: str = Field("poses/{part}/{id}.pose", description="file of a clip; {part} is train, dev or test")
    sign_language: SignLanguage | None = "gsg"
    text_language: TextLanguage = "de"

    def ours(self, row: Row) -> Mapping[str, str]:
        """Every video is its own sentence."""
        part = "dev" if row["split"] == "valid" else row["split"]
        return {"group": row["id"], "gloss": row["orth"], "part": part}
