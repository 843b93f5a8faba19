"""Manual alphabets of 15 sign languages as arrays; whole languages are held out."""

from __future__ import annotations

from typing import Literal

from mmpt_sign.datasets._array_set import ArraySet
from mmpt_sign.datasets._table_set import Stems
from mmpt_sign.text.prompt import Prompts


class FingerspellingMultilingual(ArraySet):
    """The same letter in another language is the same answer, unless ``group_by: prompt``."""

    name: Literal["fingerspelling_multilingual"] = "fingerspelling_multilingual"
    stems: Stems = ("fingerspelling",)
    prompts: Prompts = (
        "Fingerspell the letter {text} in {sign_language_name}.",
        "<{text_language}> <{sign_language}> {text}",
    )
    group_by: Literal["prompt", "text"] = "text"
