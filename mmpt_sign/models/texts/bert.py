"""The text tower: a BERT over prompts, mean over the words and the closing [SEP]."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from mmpt_sign.config.contracts import Text
from mmpt_sign.errors import ConfigError
from mmpt_sign.models.bert_shape import BertTower
from mmpt_sign.text.weights import locate

if TYPE_CHECKING:
    from torch import nn

    from mmpt_sign.text.tokenizer import Tokenizer


class Bert(BertTower, Text):
    """Any BERT-like encoder from a folder.

    ``max_tokens`` counts [CLS] and [SEP]; the original's ``max_len`` S allows S - 1 of them.
    """

    name: Literal["bert"] = "bert"
    special_tokens: tuple[str, ...] = Field((), description="tags read as one token each, such as <en> and <ase>")
    pool: Literal["words_and_sep", "cls"] = "words_and_sep"
    standardise: bool = Field(False, description="centre and scale by the training prompts before the projection")

    def resolved(self) -> Bert:
        """With the architecture spelled out, special tokens counted in."""
        return self if self.architecture is not None else self.with_architecture(self.tokenizer().vocab_size)

    @property
    def width(self) -> int:
        """Numbers per vector."""
        shape = self.resolved().architecture
        return self.project or (shape.hidden_size if shape else 0)

    def tokenizer(self, folder: Path | None = None) -> Tokenizer:
        """The tokeniser of the named weights, or the one saved in ``folder``."""
        from mmpt_sign.text.tokenizer import Tokenizer

        return Tokenizer.load(folder or locate(str(self.weights)), special_tokens=self.special_tokens)

    def build(self) -> nn.Module:
        """The network."""
        from mmpt_sign.models.bert import make_bert
        from mmpt_sign.models.text_bert import TextTower

        part = self.resolved()
        if part.architecture is None:
            raise ConfigError("the text tower must be resolved before it is built")
        weights = None if part.weights is None else locate(part.weights)
        return TextTower(make_bert(part.architecture, part.dropout, weights), part.architecture.hidden_size, part)
