"""WLASL: 21,083 videos of 2,000 isolated ASL signs from the web, by the official index."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from mmpt_sign.datasets._corpus import Corpus, Span
from mmpt_sign.datasets._json import read_json
from mmpt_sign.datasets._table import Row
from mmpt_sign.errors import DataError
from mmpt_sign.text.tags import SignLanguage


class Wlasl(Corpus):
    """``glosses: 100`` is WLASL100: the first hundred of the index, which is sorted by number of videos.

    Many of the videos have left the web: ``absent: skip`` goes on with those that are there.
    """

    files: ClassVar[Mapping[str, str]] = {"WLASL_v0.3.json": ""}

    name: Literal["wlasl"] = "wlasl"
    sign_language: SignLanguage | None = "ase"
    glosses: int | None = Field(None, ge=1, description="the first so many glosses; default: all 2,000")
    trimmed: bool = Field(True, description="clips begin and end with the sign; false: whole videos, cut by the index")

    def rows(self, table: Path) -> list[Row]:
        """One row per instance, numbered in the order of the index."""
        try:
            signs = read_json(table)[: self.glosses]
            found = [{**instance, "gloss": sign["gloss"]} for sign in signs for instance in sign["instances"]]
            return [Row(number, self._row(values)) for number, values in enumerate(found, start=1)]
        except (KeyError, TypeError, AttributeError) as error:
            raise DataError(f"{table}: is no index of WLASL: {type(error).__name__} {error}") from error

    @staticmethod
    def _row(values: Mapping[str, object]) -> dict[str, str]:
        first, last = int(str(values["frame_start"])), int(str(values["frame_end"]))
        span = {"start": str(first - 1), "end": str(last) if last > 0 else ""}  # theirs count from 1; -1 is the end
        own = {"id": values["video_id"], "text": values["gloss"], "split": values["split"]}
        more = {key: values.get(key, "") for key in ("variation_id", "source", "url")}
        return {**{key: str(v) for key, v in {**own, "signer": values["signer_id"], **more}.items()}, **span}

    def span(self, row: Row) -> Span:
        """All of a trimmed clip, else what the index says."""
        return (None, None) if self.trimmed else (row.integer("start"), row.integer("end"))
