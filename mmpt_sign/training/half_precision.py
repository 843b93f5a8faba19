"""What an optimiser of half precision knows beside its state, which fairseq leaves out of its checkpoints.

It updates weights in float32, of which the model holds a rounded copy: a run that went on from the copies would go on
from other numbers than it stopped with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from fairseq.optim.fp16_optimizer import FP16Optimizer

from mmpt_sign.errors import CheckpointError


def kept(optimizer: Any) -> dict[str, Any]:
    """What a checkpoint needs of it; nothing where the model's own weights are updated."""
    if not isinstance(optimizer, FP16Optimizer):
        return {}
    return {
        "weights": [weight.detach().cpu() for weight in optimizer.fp32_params],
        "scaling": _counters(optimizer.scaler),
    }


def put_back(optimizer: Any, stored: Mapping[str, Any]) -> None:
    """The weights of a checkpoint into the optimiser; one of an earlier version has none, and the copies serve."""
    if not stored or not isinstance(optimizer, FP16Optimizer):
        return
    own, given = optimizer.fp32_params, stored["weights"]
    if [weight.shape for weight in own] != [weight.shape for weight in given]:
        raise CheckpointError("the checkpoint's weights in full precision belong to another model")
    with torch.no_grad():
        for weight, value in zip(own, given, strict=True):
            weight.copy_(value)
    for name in _counters(optimizer.scaler):
        setattr(optimizer.scaler, name, stored["scaling"][name])


def _counters(scaler: Any) -> dict[str, int]:
    """When the scale of the loss was changed last, which decides when it is changed next; bf16 has no scale."""
    return {} if scaler is None else {name: value for name, value in vars(scaler).items() if name.startswith("_")}
