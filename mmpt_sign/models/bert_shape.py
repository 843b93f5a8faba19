"""The dimensions of a BERT, read from its folder or spelled out in an exported model; light enough for validation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from mmpt_sign.config.contracts import Options
from mmpt_sign.errors import CheckpointError

MAX_CONFIG_BYTES = 1 << 20


class BertShape(Options):
    """Everything that fixes the parameters of a BERT encoder, under the names transformers uses."""

    hidden_size: int = Field(ge=1, le=16384)
    num_hidden_layers: int = Field(ge=1, le=200)
    num_attention_heads: int = Field(ge=1, le=256)
    intermediate_size: int = Field(ge=1, le=65536)
    vocab_size: int = Field(ge=2, le=2_000_000)
    max_position_embeddings: int = Field(ge=4, le=100_000)
    layer_norm_eps: float = Field(1e-12, gt=0)
    hidden_act: str = "gelu"


def read_shape(folder: Path) -> BertShape:
    """The shape of the BERT in ``folder`` (its ``config.json``)."""
    path = folder / "config.json"
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            raise CheckpointError(f"{path}: larger than {MAX_CONFIG_BYTES} bytes, not the configuration of a BERT")
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return BertShape(**{key: values[key] for key in BertShape.model_fields if key in values})
    except (OSError, ValueError, ValidationError) as error:
        raise CheckpointError(f"{path}: not the configuration of a BERT model ({error})") from error
