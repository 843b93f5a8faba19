"""Linear maps for embedding on a CPU: weights in the order in which the processor's matrix product reads them.

A prompt has a dozen tokens; for so few rows `torch.nn.functional.linear` spends half of its time on bringing the
weights into that order, again in every call.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class PackedLinear(nn.Linear):
    """The same map with the same parameters; in inference mode it reads a copy of the weights that is packed once."""

    _packed: Tensor | None = None
    _version = -1

    def forward(self, x: Tensor) -> Tensor:
        """As `nn.Linear`."""
        if not torch.is_inference_mode_enabled() or x.device.type != "cpu" or x.dtype != torch.float32 or not len(x):
            return super().forward(x)
        found: Tensor = torch.ops.mkldnn._linear_pointwise(x, self._packed_weight(), self.bias, "none", [], "")
        return found

    def _packed_weight(self) -> Tensor:
        if self._packed is None or self._version != self.weight._version:
            with torch.inference_mode(mode=False):
                self._packed = torch.ops.mkldnn._reorder_linear_weight(self.weight.detach(), None)
            self._version = self.weight._version
        return self._packed

    def __getstate__(self) -> dict[str, Any]:
        """Copies and pickles pack anew: the packed form is the processor's own."""
        return {key: value for key, value in self.__dict__.items() if key not in ("_packed", "_version")}


def pack_linears(network: nn.Module) -> None:
    """Let all plain float32 linear maps of ``network`` read packed weights, where this build of torch can."""
    if not _can_pack():
        return
    for module in network.modules():
        for name, child in list(module.named_children()):
            if type(child) is nn.Linear and child.weight.dtype == torch.float32:
                setattr(module, name, _packed(child))


def _can_pack() -> bool:
    return torch.backends.mkldnn.is_available() and all(
        hasattr(torch.ops.mkldnn, name) for name in ("_linear_pointwise", "_reorder_linear_weight")
    )


def _packed(linear: nn.Linear) -> PackedLinear:
    with torch.device("meta"):
        packed = PackedLinear(linear.in_features, linear.out_features, bias=linear.bias is not None)
    packed.weight, packed.bias = linear.weight, linear.bias
    return packed.train(linear.training)
