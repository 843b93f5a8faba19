"""The dimensions of a BERT, read from its folder or spelled out in an exported model; light enough for validation."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from mmpt_sign.config.contracts import Options
from mmpt_sign.errors import CheckpointError
from mmpt_sign.models.bounded_json import read_object
from mmpt_sign.text.weights import locate

MAX_CONFIG_BYTES = 1 << 20
Activation = Literal[
    "gelu", "gelu_10", "gelu_accurate", "gelu_fast", "gelu_new", "gelu_python", "gelu_python_tanh", "gelu_pytorch_tanh",
    "hardswish", "leaky_relu", "linear", "mish", "quick_gelu", "relu", "relu2", "relu6", "sigmoid", "silu", "swish",
    "tanh",
]  # fmt: skip


class BertShape(Options):
    """Everything that fixes the parameters of a BERT encoder, under the names transformers uses."""

    hidden_size: int = Field(ge=1, le=16384)
    num_hidden_layers: int = Field(ge=1, le=200)
    num_attention_heads: int = Field(ge=1, le=256)
    intermediate_size: int = Field(ge=1, le=65536)
    vocab_size: int = Field(ge=2, le=2_000_000)
    max_position_embeddings: int = Field(ge=4, le=100_000)
    layer_norm_eps: float = Field(1e-12, gt=0)
    hidden_act: Activation = "gelu"

    def possible(self) -> Self:
        """Itself, if its heads share the width evenly: as no attention can be built otherwise."""
        if self.hidden_size % self.num_attention_heads:
            raise ValueError(f"a width of {self.hidden_size} cannot be divided among {self.num_attention_heads} heads")
        return self

    def of_first(self, layers: int | None) -> Self:
        """The shape of its first layers, of all where no number is given."""
        used = min(layers or self.num_hidden_layers, self.num_hidden_layers)
        return self.model_copy(update={"num_hidden_layers": used})


def read_shape(folder: Path) -> BertShape:
    """The shape of the BERT in ``folder`` (its ``config.json``)."""
    path = folder / "config.json"
    values = read_object(path, MAX_CONFIG_BYTES, "the configuration of a BERT model")
    try:
        return BertShape(**{key: values[key] for key in BertShape.model_fields if key in values}).possible()
    except ValueError as error:
        raise CheckpointError(f"{path}: not the configuration of a BERT model ({error})") from error


class LoraOptions(Options):
    """Low-rank updates of a frozen BERT: few numbers are trained, and they are added to its weights on export."""

    rank: int = Field(8, ge=1, le=1024)
    alpha: int = Field(16, ge=1, description="scale of the update, divided by the rank")
    dropout: float = Field(0.0, ge=0, lt=1)
    of: tuple[str, ...] = Field(("query", "value"), min_length=1, description="linear maps that are updated")


class BertTower(Options):
    """What both towers may say about the BERT they are made of."""

    weights: str | None = Field("minilm", description="name or folder of the BERT it starts from; null = random")
    layers: int | None = Field(None, ge=1, description="first layers used; default: all")
    dropout: float = Field(0.1, ge=0, lt=1)
    project: int | None = Field(None, ge=1, description="width of a bias-free projection at the end")
    freeze: int | Literal["embeddings", "all"] | None = Field(
        None, description="embeddings: the tables; a number: also the first layers; all: everything"
    )
    lora: LoraOptions | None = Field(None, description="train low-rank updates of the BERT and nothing else of it")
    architecture: BertShape | None = Field(None, description="dimensions, when no weights name them")

    @field_validator("architecture")
    @classmethod
    def _of_the_layers_used(cls, shape: BertShape | None, info: ValidationInfo) -> BertShape | None:
        return shape and shape.possible().of_first(info.data.get("layers"))

    @model_validator(mode="after")
    def _trains_something(self) -> Self:
        if self.lora is not None and self.freeze is not None:
            raise ValueError("lora freezes all of the BERT already: leave freeze out")
        return self

    @model_validator(mode="after")
    def _has_dimensions(self) -> Self:
        if self.weights is None and self.architecture is None:
            raise ValueError("name the weights to start from, or spell out the architecture")
        return self

    def with_architecture(self, rows: int = 0) -> Self:
        """With the dimensions spelled out, the word table at least ``rows`` long."""
        if self.architecture is not None:
            return self
        shape = read_shape(locate(str(self.weights))).of_first(self.layers)
        longer = shape.model_copy(update={"vocab_size": max(shape.vocab_size, rows)})
        return self.model_copy(update={"architecture": longer})
