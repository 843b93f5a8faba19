"""Thirteen ASL words (body and hands) and the ASL alphabet (hands), 20 frames each; signer-disjoint test split."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from mmpt_sign.datasets._array_set import ArraySet
from mmpt_sign.datasets._table_set import Stems

# what ``part`` stands for; every single key can still be given
PARTS = {
    "words": {"stems": ("words_body_hands",), "member": "xyz", "layout": "body25_hands_67"},
    "letters": {"stems": ("letters_hands",), "member": "hands", "layout": "hands_42"},
}


class AslWordsLetters(ArraySet):
    """The words or the letters; sequences without a sign have no text and are left out."""

    name: Literal["asl_words_letters_20f"] = "asl_words_letters_20f"
    part: Literal["words", "letters"] = Field("words", description="which of the two archives")
    stems: Stems = PARTS["words"]["stems"]  # type: ignore[assignment]

    @model_validator(mode="before")
    @classmethod
    def _of_part(cls, values: Any) -> Any:
        part = values.get("part", "words") if isinstance(values, dict) else None
        return {**PARTS[part], **values} if part in PARTS else values
