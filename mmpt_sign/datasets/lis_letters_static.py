"""Twenty-two still letters of Italian Sign Language: one right hand, one frame."""

from __future__ import annotations

from typing import Literal

from mmpt_sign.datasets._array_set import ArraySet
from mmpt_sign.datasets._table_set import Stems
from mmpt_sign.text.tags import TextLanguage


class LisLetters(ArraySet):
    """Clips of length one; neighbours are near-repeats, so its scores rank nothing."""

    name: Literal["lis_letters_static"] = "lis_letters_static"
    stems: Stems = ("letters",)
    member: str = "hand"
    layout: str = "hand_21"
    text_language: TextLanguage = "it"
    group_by: Literal["prompt", "text"] = "text"
