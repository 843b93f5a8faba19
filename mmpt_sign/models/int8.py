"""Linear maps in 8 bits: a quarter of the bytes, and a third less time on a CPU.

A weight is stored as int8 with one scale per output.  On a CPU the inputs are brought to int8 as they come, each
position with a scale of its own, so that what else is in a batch changes no scale; the products are exact integers.  On
other devices the weight is spread out to floating point first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmpt_sign.errors import CheckpointError
from mmpt_sign.models.packed_linear import PackedLinear

LARGEST = 127
SCALE = ".scale"
LINEAR = (nn.Linear, PackedLinear)  # and no other heir: attention reads the weights of its own kind by itself


class Int8Linear(nn.Module):
    """As ``nn.Linear``, for inference only; the names of weight and bias are the same."""

    weight: Tensor
    scale: Tensor

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        self.register_buffer("weight", torch.zeros(linear.weight.shape, dtype=torch.int8))
        self.register_buffer("scale", torch.ones(linear.out_features))
        self.bias = None if linear.bias is None else nn.Parameter(torch.zeros_like(linear.bias), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """(…, in) -> (…, out)."""
        if x.device.type != "cpu":
            return functional.linear(x, spread_out(self.weight, self.scale).to(x.dtype), self.bias)
        rows = x.reshape(-1, self.in_features)
        reach = rows.abs().amax(1, keepdim=True).clamp_min(1e-12) / LARGEST
        products = torch._int_mm((rows / reach).round().to(torch.int8), self.weight.t())
        y = products.to(x.dtype) * (reach * self.scale)
        return (y if self.bias is None else y + self.bias).reshape(*x.shape[:-1], self.out_features)


def spread_out(weight: Tensor, scale: Tensor) -> Tensor:
    """The weight in floating point."""
    return weight.to(scale.dtype) * scale[:, None]


def quantised(model: nn.Module, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state with every weight of a linear map as int8, its scales beside it under ``NAME.scale``."""
    found: dict[str, Tensor] = {}
    linear = {f"{name}.weight" for name, _ in _linear_maps(model)}
    for key, value in state.items():
        if key not in linear:
            found[key] = value
            continue
        scale = value.abs().amax(1).clamp_min(1e-12) / LARGEST
        found[key] = (value / scale[:, None]).round().clamp(-LARGEST, LARGEST).to(torch.int8)
        found[key.removesuffix(".weight") + SCALE] = scale
    return found


def make_room(model: nn.Module, state: Mapping[str, Tensor]) -> None:
    """Put an `Int8Linear` wherever ``state`` has the weight of a linear map as int8."""
    for name, linear in list(_linear_maps(model)):
        given = state.get(f"{name}.weight")
        if given is not None and given.dtype == torch.int8:
            owner, _, own = name.rpartition(".")
            setattr(model.get_submodule(owner), own, Int8Linear(linear))


def in_floats(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state as a model of ordinary linear maps has it."""
    scales = {key for key in state if f"{key.removesuffix(SCALE)}.weight" in state and key.endswith(SCALE)}
    found: dict[str, Tensor] = {}
    for key, value in state.items():
        if key in scales:
            continue
        if value.dtype != torch.int8:
            found[key] = value.float() if value.is_floating_point() else value
            continue
        scale = state.get(key.removesuffix(".weight") + SCALE)
        if scale is None or value.ndim != 2 or scale.shape != value.shape[:1]:
            raise CheckpointError(f"{key}: 8-bit numbers without a scale for each row")
        found[key] = spread_out(value, scale.float())
    return found


def is_int8(model: nn.Module) -> bool:
    """Does a model compute in 8 bits?"""
    return any(isinstance(module, Int8Linear) for module in model.modules())


def _linear_maps(model: nn.Module) -> Iterator[tuple[str, nn.Linear]]:
    return ((name, module) for name, module in model.named_modules() if type(module) in LINEAR)
