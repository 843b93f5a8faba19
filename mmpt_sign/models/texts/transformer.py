"""The text tower as any BERT-like encoder of transformers: multilingual BERT, XLM-R, multilingual MiniLM."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

from pydantic import Field, model_validator

from mmpt_sign.config.contracts import Text
from mmpt_sign.errors import CheckpointError
from mmpt_sign.models.bert_shape import LoraOptions
from mmpt_sign.models.bounded_json import read_object
from mmpt_sign.text.weights import locate

if TYPE_CHECKING:
    from torch import nn

    from mmpt_sign.text.tokenizer import Tokenizer

MAX_CONFIG_BYTES = 1 << 20
OF_CODE = ("auto_map", "_name_or_path")  # by which a configuration may bring program code along
SIZES = {"hidden_size": 16384, "num_hidden_layers": 200, "vocab_size": 2_000_000, "max_position_embeddings": 100_000}


class Transformer(Text):
    """An encoder from a local folder in transformers' own form; ``bert`` is the same for BERT alone, and lighter."""

    name: Literal["transformer"] = "transformer"
    weights: str | None = Field(None, description="name or folder of the encoder it starts from")
    project: int | None = Field(None, ge=1, description="width of a bias-free projection at the end")
    freeze: int | Literal["embeddings", "all"] | None = Field(
        None, description="embeddings: the tables; a number: also the first layers; all: everything"
    )
    lora: LoraOptions | None = Field(None, description="train low-rank updates of the encoder and nothing else of it")
    special_tokens: tuple[str, ...] = Field((), description="tags read as one token each, such as <en> and <ase>")
    pool: Literal["words_and_sep", "cls"] = "words_and_sep"
    standardise: bool = Field(False, description="centre and scale by the training prompts before the projection")
    architecture: dict[str, Any] | None = Field(None, description="transformers' configuration, in an exported model")

    @model_validator(mode="after")
    def _has_an_encoder(self) -> Self:
        if self.weights is None and self.architecture is None:
            raise ValueError("name the weights to start from: a folder as transformers' save_pretrained writes it")
        if self.lora is not None and self.freeze is not None:
            raise ValueError("lora freezes all of the encoder already: leave freeze out")
        if code := [key for key in OF_CODE if key in (self.architecture or {})]:
            raise ValueError(f"architecture: {', '.join(code)}: program code of a model is never run")
        too_large = [f"{key} {value}" for key, most in SIZES.items()
                     if not 0 <= (value := int((self.architecture or {}).get(key) or 0)) <= most]  # fmt: skip
        if too_large:
            raise ValueError(f"architecture: {', '.join(too_large)}: larger than any encoder")
        return self

    def resolved(self) -> Transformer:
        """With the configuration spelled out, special tokens counted in."""
        if self.architecture is not None:
            return self
        found = _configuration(locate(str(self.weights)))
        rows = max(int(found.get("vocab_size") or 0), self.tokenizer().vocab_size)
        return self.model_copy(update={"architecture": {**found, "vocab_size": rows}})

    @property
    def width(self) -> int:
        """Numbers per vector."""
        shape = self.resolved().architecture or {}
        return self.project or int(shape.get("hidden_size") or shape.get("dim") or 0)

    def tokenizer(self, folder: Path | None = None) -> Tokenizer:
        """The tokeniser of the named weights, or the one saved in ``folder``."""
        from mmpt_sign.text.tokenizer import Tokenizer

        return Tokenizer.load(folder or locate(str(self.weights)), special_tokens=self.special_tokens)

    def build(self) -> nn.Module:
        """The network."""
        from mmpt_sign.models.text_bert import TextTower
        from mmpt_sign.models.transformer import make_transformer

        part = self.resolved()
        weights = None if part.weights is None else locate(part.weights)
        body, width = make_transformer(part.architecture or {}, weights)
        return TextTower(body, width, part)


def _configuration(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    found = read_object(path, MAX_CONFIG_BYTES, "the configuration of an encoder")
    if not isinstance(found.get("model_type"), str):
        raise CheckpointError(f"{path}: does not say its model_type")
    return {key: value for key, value in found.items() if key not in (*OF_CODE, "architectures")}
