"""Isolated signs of BOBSL: spottings of British Sign Language in the episodes of a broadcaster, as poses or lips."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from mmpt_sign.datasets._corpus import Corpus, Span, unique_ids
from mmpt_sign.datasets._spottings import FILES, Kind, windows
from mmpt_sign.datasets._table import Row
from mmpt_sign.text.tags import SignLanguage


class BobslIslr(Corpus):
    """A record is a window around a spotting; its features are those of the whole episode, cut.

    Poses and lips together: ``also: {lip: "lip/{episode}.npy"}``, and a tower ``of: [pose, lip]``.
    """

    name: Literal["bobsl_islr"] = "bobsl_islr"
    features: Literal["pose", "lip"] = Field("pose", description="lip: (T, 768) arrays of a lip-reading network")
    spotted: dict[str, Kind] = Field(
        default_factory=lambda: dict(FILES), min_length=1, description="file: how its signs were spotted"
    )
    least_score: dict[Kind, float] = Field(default_factory=dict, description="where not the original's")
    sign_language: SignLanguage | None = "bfi"
    fps: float | None = 25.0

    @model_validator(mode="before")
    @classmethod
    def _of_features(cls, values: Any) -> Any:
        lip = isinstance(values, dict) and values.get("features") == "lip"
        usual = {"clips": "lip/{episode}.npy", "layout": "frames"} if lip else {"clips": "poses/{episode}.pose"}
        return {**usual, **values} if isinstance(values, dict) else values

    @property
    def table_names(self) -> Sequence[str]:
        """Every file of spottings."""
        return list(self.spotted)

    def rows(self, table: Path) -> list[Row]:
        """The spottings that are sure enough, each with its window of frames."""
        kind = next(kind for file, kind in self.spotted.items() if table.match(file))
        return unique_ids(list(windows(table, kind, self.least_score.get(kind), self.fps or 25.0)))

    def span(self, row: Row) -> Span:
        """The window inside the episode; all of a clip of its own, which the pattern asks for by id."""
        return (None, None) if "{id}" in self.clips else (row.integer("start"), row.integer("end"))
