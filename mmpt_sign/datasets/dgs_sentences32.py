"""Thirty-two sentences of German Sign Language as signed, and put together from dictionary entries."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from mmpt_sign.datasets._pose_set import PoseSet
from mmpt_sign.datasets._table import Row
from mmpt_sign.text.tags import TextLanguage


class DgsSentences(PoseSet):
    """Sentences with German or English text; one of them has no English and is left out then."""

    name: Literal["dgs_sentences32"] = "dgs_sentences32"
    version: Literal["natural", "stitched"] = Field("natural", description="as signed, or dictionary entries in a row")
    text_language: TextLanguage = Field("de", description="whose column ``text_de``, ``text_en`` … is read")

    @model_validator(mode="before")
    @classmethod
    def _of_version(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        version, written = values.get("version", "natural"), values.get("text_language", "de")
        frames = "n_frames" if version == "natural" else "n_frames_stitched"
        columns = {"text": f"text_{written}", "frames": frames, **(values.get("columns") or {})}
        return {"file": f"pose/{{id}}_{version}.pose", **values, "columns": columns}

    def rows(self, table: Path) -> list[Row]:
        """The rows, with the version, by which an evaluation tells both apart."""
        return [Row(row.number, {**row.values, "version": self.version}) for row in super().rows(table)]
