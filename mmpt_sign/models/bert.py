"""BERT as the body of both towers, through transformers, with or without pretrained weights."""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertModel

from mmpt_sign.errors import CheckpointError
from mmpt_sign.features.refusal import refusal
from mmpt_sign.models.bert_shape import BertShape


def make_bert(shape: BertShape, dropout: float, weights: Path | None, vocabulary: list[int] | None = None) -> BertModel:
    """A BERT without pooler.

    ``weights`` initialises the tables and the first layers from a pretrained folder; ``vocabulary`` keeps only those
    rows of the word table (a tower that reads frames needs just [CLS] and [SEP]).
    """
    size = len(vocabulary) if vocabulary is not None else shape.vocab_size
    config = BertConfig(
        **{**shape.model_dump(), "vocab_size": size}, hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout
    )
    config.pad_token_id = None
    bert = BertModel(config, add_pooling_layer=False)
    if weights is not None:
        _initialise(bert, weights, vocabulary)
    return bert


def _initialise(bert: BertModel, folder: Path, vocabulary: list[int] | None) -> None:
    state = pretrained_state(folder)
    table = "embeddings.word_embeddings.weight"
    if vocabulary is not None:
        state[table] = state[table][vocabulary]
    elif state[table].shape[0] < bert.config.vocab_size:
        state[table] = _extended(state[table], bert.config.vocab_size)
    own = bert.state_dict()
    missing = [key for key in own if key not in state and not key.endswith(("position_ids", "token_type_ids"))]
    misfit = [key for key in own if key in state and state[key].shape != own[key].shape]
    if missing or misfit:
        raise CheckpointError(
            f"{folder}: not the weights of this BERT; missing {missing[:5]}, of another shape {misfit[:5]}"
        )
    bert.load_state_dict({key: state[key] for key in own if key in state}, strict=False)


def pretrained_state(folder: Path) -> dict[str, Tensor]:
    """State of a BERT folder by plain key names, whatever head it was saved under."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    safe, legacy = folder / "model.safetensors", folder / "pytorch_model.bin"
    try:
        state = load_file(safe) if safe.is_file() else torch.load(legacy, map_location="cpu", weights_only=True)
    except UnpicklingError as error:
        raise CheckpointError(refusal(legacy, error)) from error
    except (OSError, SafetensorError, RuntimeError, ValueError) as error:
        raise CheckpointError(f"{folder}: no readable model.safetensors or pytorch_model.bin ({error})") from error
    plain = {key.removeprefix("bert."): value.float() for key, value in state.items() if isinstance(value, Tensor)}
    return {_modern(key): value for key, value in plain.items()}


def _modern(key: str) -> str:
    """Checkpoints of TensorFlow origin call a norm's weight gamma and its bias beta."""
    return key.replace("LayerNorm.gamma", "LayerNorm.weight").replace("LayerNorm.beta", "LayerNorm.bias")


def _extended(table: Tensor, rows: int) -> Tensor:
    """Rows for added special tokens, drawn around the mean of the known ones."""
    mean, spread = table.mean(0), table.std(0)
    return torch.cat([table, mean + 0.1 * spread * torch.randn(rows - table.shape[0], table.shape[1])])


def freeze_layers(bert: nn.Module, freeze: int | str | None) -> None:
    """``embeddings`` fixes the tables, a number n also the first n layers, ``all`` everything."""
    if freeze is None:
        return
    frozen: list[nn.Module] = [bert] if freeze == "all" else [bert.embeddings]  # type: ignore[list-item]
    if isinstance(freeze, int):
        frozen += layers_of(bert)[:freeze]
    for module in frozen:
        module.requires_grad_(False)


def layers_of(bert: nn.Module) -> list[nn.Module]:
    """The layers of an encoder, lowest first, under whichever name its kind has them."""
    lists = [list(module) for module in bert.modules() if isinstance(module, nn.ModuleList)]
    return max(lists, key=len, default=[])


class Projection(nn.Module):
    """Bias-free linear map applied to tokens and pooled vectors alike; identity without a width."""

    def __init__(self, d_in: int, width: int | None) -> None:
        super().__init__()
        self.linear: Any = nn.Linear(d_in, width, bias=False) if width else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(…, d_in) -> (…, width)."""
        projected: Tensor = self.linear(x)
        return projected
