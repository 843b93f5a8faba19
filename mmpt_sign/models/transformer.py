"""The body of the text tower ``transformer``: classes of transformers, never code out of a model folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from mmpt_sign.errors import CheckpointError


def make_transformer(configuration: Mapping[str, Any], weights: Path | None) -> tuple[nn.Module, int]:
    """An encoder without pooler, and the width of its states."""
    from transformers import AutoConfig, AutoModel

    values = {key: value for key, value in configuration.items() if key != "model_type"}
    try:
        config = AutoConfig.for_model(str(configuration.get("model_type")), **values)
        body = AutoModel.from_config(config, trust_remote_code=False)
        if weights is not None:
            pretrained = AutoModel.from_pretrained(str(weights), local_files_only=True, trust_remote_code=False)
            pretrained.resize_token_embeddings(config.vocab_size)
            body.load_state_dict(pretrained.state_dict())
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        place = weights or f"model_type {configuration.get('model_type')}"
        raise CheckpointError(f"{place}: no text encoder of transformers ({str(error).splitlines()[0]})") from error
    if getattr(config, "is_encoder_decoder", False) or getattr(body, "embeddings", None) is None:
        raise CheckpointError(f"{weights or configuration.get('model_type')}: not a BERT-like encoder")
    if hasattr(body, "pooler"):
        body.pooler = None
    return body.float(), int(config.hidden_size)
