"""Prompts as token ids, through the tokeniser that belongs to the text weights."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmpt_sign.errors import CheckpointError


class Tokenizer:
    """[CLS] words [SEP], cut at a number of tokens; padding is the collator's."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.pad_id = int(inner.pad_token_id)
        self.cls_id = int(inner.cls_token_id)
        self.sep_id = int(inner.sep_token_id)

    @classmethod
    def load(cls, folder: Path, special_tokens: Sequence[str] = ()) -> Tokenizer:
        """The tokeniser in ``folder``, with extra tags that count as one token each."""
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        from transformers import AutoTokenizer

        try:
            inner = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
        except (OSError, ValueError) as error:
            raise CheckpointError(f"{folder}: no tokeniser that can be read ({error})") from error
        if special_tokens:
            inner.add_special_tokens({"additional_special_tokens": list(special_tokens)})
        if inner.unk_token_id is not None and set(inner("a b c").input_ids[1:-1]) == {inner.unk_token_id}:
            raise CheckpointError(f"{folder}: the tokeniser knows no word; its vocabulary file is missing or empty")
        return cls(inner)

    @property
    def vocab_size(self) -> int:
        """Rows that the word table must have."""
        return len(self._inner)

    def encode(self, texts: Sequence[str], max_tokens: int) -> list[list[int]]:
        """Token ids of each text, [CLS] and [SEP] counted in ``max_tokens``."""
        if not texts:
            return []
        rows: list[list[int]] = self._inner(list(texts), truncation=True, max_length=max_tokens).input_ids
        return rows

    def save(self, folder: Path) -> None:
        """Write the tokeniser's own files."""
        self._inner.save_pretrained(str(folder))
