"""Dicta-Sign: about 1,000 concepts in Greek, British, German and French Sign Language."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from mmpt_sign.datasets._corpus import Corpus, prompts_of_task
from mmpt_sign.datasets._table import Row
from mmpt_sign.datasets._table_set import Column
from mmpt_sign.text.tags import sign_language_tag

PROMPTS = {
    "identification": "<en> <{sign_language}>",
    "identification_oracle": "<en> <{sign_language}> {text}",
    "retrieval": "<{text_language}> <{sign_language}> {text}",
}
WRITTEN = {"GSL": "el", "BSL": "en", "DGS": "de", "LSF": "fr"}


class DictaSign(Corpus):
    """A test of language identification, so every clip is in ``test``; ``split_by: random`` makes it trainable."""

    usual_columns: ClassVar[dict[Column, str]] = {
        "sign_language": "signed_language",
        "text_language": "spoken_language",
    }
    required: ClassVar[tuple[Column, ...]] = ("id", "text", "sign_language")
    files: ClassVar[Mapping[str, str]] = {"concepts.csv": "test"}

    name: Literal["dicta_sign"] = "dicta_sign"
    task: Literal["identification", "identification_oracle", "retrieval"] = "identification"
    languages: tuple[Literal["GSL", "BSL", "DGS", "LSF"], ...] = Field(
        ("GSL", "LSF"), description="BSL and DGS show several camera angles; the original leaves them out"
    )

    @model_validator(mode="before")
    @classmethod
    def _of_task(cls, values: Any) -> Any:
        return prompts_of_task(values, PROMPTS, "identification")

    def rows(self, table: Path) -> list[Row]:
        """The concepts in the chosen languages."""
        return [row for row in super().rows(table) if row["code"] in self.languages]

    def ours(self, row: Row) -> Mapping[str, str]:
        """English text, unless each language is to be read in its own country's."""
        code = row["sign_language"]
        own = {"text": row["text"], "text_language": row["text_language"] or WRITTEN.get(code, "en")}
        english = {"text": row["text_en"], "text_language": "en"}
        return {
            **(own if self.task == "retrieval" else english),
            "code": code,
            "sign_language": sign_language_tag(code),
        }
