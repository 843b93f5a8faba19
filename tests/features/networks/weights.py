"""Networks with random weights under which activations neither vanish nor explode, and checkpoints made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn


def with_random_weights(network: nn.Module, seed: int = 0) -> nn.Module:
    """Convolutions keep the variance, batch normalisations are no identity."""
    draw = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, nn.Conv3d | nn.Linear):
            fan_in = module.weight[0].numel()
            module.weight.data = torch.randn(module.weight.shape, generator=draw) * (1.5 / fan_in) ** 0.5
            if module.bias is not None:
                module.bias.data = torch.randn(module.bias.shape, generator=draw) * 0.1
        if isinstance(module, nn.BatchNorm3d):
            shape = module.weight.shape
            module.weight.data = torch.rand(shape, generator=draw) + 0.5
            module.bias.data = torch.randn(shape, generator=draw) * 0.2
            module.running_mean = torch.randn(shape, generator=draw) * 0.2
            module.running_var = torch.rand(shape, generator=draw) + 0.5
    return network.eval().requires_grad_(False)


def saved(path: Path, network: nn.Module, prefix: str = "", **around: Any) -> Path:
    """A checkpoint; with keywords, of a training program: the weights are under ``state_dict`` beside those."""
    weights = {prefix + name: value for name, value in network.state_dict().items()}
    torch.save({"state_dict": weights, **around} if around else weights, path)
    return path
