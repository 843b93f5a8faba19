"""The embedded default: manual alphabets of 19 sign languages inside the pip package spoken-to-signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from string import ascii_uppercase
from typing import ClassVar, Literal

from pydantic import Field

from mmpt_sign.datasets._place import package_folder
from mmpt_sign.datasets._pose_set import PoseSet
from mmpt_sign.datasets._splits import split_by_language
from mmpt_sign.datasets._table import Row
from mmpt_sign.datasets._table_set import Column
from mmpt_sign.records import Record
from mmpt_sign.text.prompt import TAGGED, Prompts
from mmpt_sign.text.tags import SignLanguage

# The languages with Latin letters; fold k holds out every fourth one from the k-th on.
LATIN = (
    "ase", "asq", "bzs", "cse", "csq", "eso", "gsg", "ise", "lls", "mfs", "psr", "sgg", "ssp", "svk", "swl", "tsm",
)  # fmt: skip
INSIDE = Path("assets", "fingerspelling_lexicon")
LETTERS, COPIES = {*ascii_uppercase}, ("fsl",)  # fsl names the files of ase: the same clip would be in two splits


class FingerspellingLexicon(PoseSet):
    """One clip per letter and language, so only whole held-out languages tell how well a model generalises."""

    usual_columns: ClassVar[dict[Column, str]] = {
        "sign_language": "signed_language", "text_language": "spoken_language", "text": "words"}  # fmt: skip
    required: ClassVar[tuple[Column, ...]] = ("path", "sign_language", "text")

    name: Literal["fingerspelling_lexicon"] = "fingerspelling_lexicon"
    file: str = "{path}"
    letters: Literal["latin", "latin_in_test", "all"] = Field("latin", description="A to Z, there only in test, or all")
    fold: Literal[1, 2, 3, 4] = Field(1, description="which four languages are held out, unless hold_out names them")
    hold_out: tuple[SignLanguage, ...] = Field((), description="whole sign languages for test")
    validate_on: tuple[SignLanguage, ...] = Field((), description="whole sign languages for validation")
    prompts: Prompts = ("Fingerspell the letter {text} in {sign_language_name}.", TAGGED, "the letter {text}")
    group_by: Literal["prompt", "text"] = Field("text", description="text: a letter in any language is one answer")

    def place(self, data_root: Path | None) -> Path:
        """Inside the package, unless a folder is given."""
        return super().place(data_root) if self.folder else package_folder("spoken_to_signed") / INSIDE

    def rows(self, table: Path) -> list[Row]:
        """The rows of the chosen letters; ``start`` and ``end`` are of the untrimmed recordings, nothing to us."""
        own = [row for row in super().rows(table) if row["sign_language"] not in COPIES]
        return [row for row in own if row["text"] in LETTERS] if self.letters == "latin" else own

    def listed(self, data_root: Path | None) -> Sequence[Record]:
        """Every clip, in the order of the package's table, named ``LANGUAGE_LETTER``."""
        found = [replace(r, id=f"{r.sign_language}_{r.extra['text']}") for r in super().listed(data_root)]
        test = self.hold_out or LATIN[self.fold - 1 :: 4]
        split = found if self.split_by else split_by_language(found, {"test": test, "valid": self.validate_on})
        return [r for r in split if self.letters == "all" or r.split == "train" or r.extra["text"] in LETTERS]
