"""Fourteen words and phrases of Mexican Sign Language, 15 frames each; the test split is another recording."""

from __future__ import annotations

from typing import Literal

from mmpt_sign.datasets._array_set import ArraySet
from mmpt_sign.datasets._table_set import Stems
from mmpt_sign.text.tags import TextLanguage


class LsmPhrases(ArraySet):
    """Body and hands, already centred between the shoulders by the source; prompts in Spanish."""

    name: Literal["lsm_phrases_15f"] = "lsm_phrases_15f"
    stems: Stems = ("phrases",)
    layout: str = "body25_hands_67"
    text_language: TextLanguage = "es"
