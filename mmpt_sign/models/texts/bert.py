"""The text tower: a BERT over prompts, mean over the words and the closing [SEP]."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from mmpt_sign.config.contracts import Text
from mmpt_sign.models.bert_shape import BertShape, read_shape
from mmpt_sign.text.weights import locate

if TYPE_CHECKING:
    from torch import nn

    from mmpt_sign.text.tokenizer import Tokenizer


class Bert(Text):
    """Any BERT-like encoder from a folder.

    ``max_tokens`` counts [CLS] and [SEP]; the original's ``max_len`` S allows S - 1 of them.
    """

    name: Literal["bert"] = "bert"
    weights: str | None = Field("minilm", description="name or folder of the BERT it starts from; null = random")
    layers: int | None = Field(None, ge=1, description="first layers used; default: all")
    special_tokens: tuple[str, ...] = Field((), description="tags read as one token each, such as <en> and <ase>")
    dropout: float = Field(0.1, ge=0, lt=1)
    pool: Literal["words_and_sep", "cls"] = "words_and_sep"
    project: int | None = Field(None, ge=1, description="width of a bias-free projection at the end")
    standardise: bool = Field(False, description="centre and scale by the training prompts before the projection")
    freeze: int | Literal["embeddings", "all"] | None = None
    architecture: BertShape | None = Field(None, description="dimensions, when no weights name them")

    @model_validator(mode="after")
    def _has_dimensions(self) -> Bert:
        if self.weights is None and self.architecture is None:
            raise ValueError("name the weights to start from, or spell out the architecture")
        return self

    def resolved(self) -> Bert:
        """With the architecture spelled out, special tokens counted in."""
        if self.architecture is not None:
            return self
        shape = read_shape(locate(str(self.weights)))
        layers = min(self.layers or shape.num_hidden_layers, shape.num_hidden_layers)
        rows = max(shape.vocab_size, self.tokenizer().vocab_size)
        update = {"num_hidden_layers": layers, "vocab_size": rows}
        return self.model_copy(update={"architecture": shape.model_copy(update=update)})

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
        from mmpt_sign.models.text_bert import TextBert

        return TextBert(self.resolved())
