"""A closed list of labels in the place of a tokeniser: one number per text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mmpt_sign.errors import DataError
from mmpt_sign.files import write_text
from mmpt_sign.registry import nearest
from mmpt_sign.text.tokenizer import Tokenizer


class LabelTokenizer(Tokenizer):
    """Every label is one token; all labels are known, so that a loss can go over all of them."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.all_texts = tuple(labels)
        self.pad_id = 0
        self._number = {label: number for number, label in enumerate(labels)}

    @property
    def vocab_size(self) -> int:
        """Labels."""
        return len(self.all_texts)

    def encode(self, texts: Sequence[str], max_tokens: int) -> list[list[int]]:
        """The number of each label; one that is not on the list is an error that names it."""
        unknown = [text for text in texts if text not in self._number]
        if unknown:
            close = nearest(unknown[0], list(self.all_texts))
            raise DataError(
                f"{len(unknown)} texts are none of the {len(self.all_texts)} labels, such as '{unknown[0]}'{close}"
            )
        return [[self._number[text]] for text in texts]

    def decode(self, ids: Sequence[int]) -> str:
        """The labels again."""
        return " ".join(self.all_texts[number] for number in ids)

    def save(self, folder: Path) -> None:
        """For people: the model's configuration holds the labels."""
        folder.mkdir(parents=True, exist_ok=True)
        write_text(folder / "labels.txt", "\n".join(self.all_texts) + "\n")
