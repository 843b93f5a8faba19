"""Sentences put together of real clips: isolated signs and fingerspelled words of other data sets, joined."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from mmpt_sign.datasets._block import DatasetBlock
from mmpt_sign.datasets._drawn import DrawnSentences
from mmpt_sign.datasets._stitching import stitched_records
from mmpt_sign.poses.stitching import Place
from mmpt_sign.records import Record


class StitchedSentences(DrawnSentences):
    """Sentences of a split are made of clips of that split alone: clips and signers stay as far apart as they are.

    A slot that is no class of ``words`` and no ``spelled`` gets its share of all words that the data sets have.
    """

    name: Literal["stitched_sentences"] = "stitched_sentences"
    of: tuple[DatasetBlock, ...] = Field(min_length=1, description="data sets of single signs and letters")
    patterns: tuple[str, ...] = (
        "{a} {b} {c}", "{a} {b} {c} {d} | d a b c", "{c} {a} {d}", "{spelled} {b} {c} | b spelled c",
        "{a} {spelled} {d} {b}", "{d} {b} {a} {c} | b d c a",
    )  # fmt: skip
    words: dict[str, tuple[str, ...]] = Field(default_factory=dict, description="classes of words for the patterns")
    without: tuple[str, ...] = Field((), description="labels of the data sets that are left out")
    spelled: tuple[str, ...] = Field(
        ("anna", "ben", "clara", "david", "emil", "eva", "felix", "hugo", "karl", "leo", "lisa", "max", "mia", "nora",
         "oscar", "paul", "rosa", "sofia", "tom", "viktor"),
        description="words that are fingerspelled, as far as there are clips of all their letters",
    )  # fmt: skip
    between: int = Field(6, ge=0, le=60, description="interpolated frames from one sign to the next")
    between_letters: int = Field(2, ge=0, le=60)
    longest: int = Field(32, ge=2, description="a longer clip of a word is sped up to so many frames")
    letter_frames: int = Field(6, ge=1, description="frames of a letter")
    place: Place = Field("hands", description="what brings clips of different cameras to one place and size")
    points: str | tuple[str, ...] | None = Field(None, description="selection; default: all points the sets share")
    takes_apart: bool = Field(True, description="takes of a sentence draw their clips anew")

    def records(self, data_root: Path | None) -> Sequence[Record]:
        """All takes of all sentences; every clip that is used is looked at once, to leave out frames without hands."""
        return stitched_records(self, data_root)
