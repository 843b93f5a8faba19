"""Batch normalisation whose statistics are of valid positions, of all processes together."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ValidNorm(nn.BatchNorm1d):
    """As ``BatchNorm1d`` on (N, C) or (N, C, L), told which of them count: a mask of shape (N,) or (N, L).

    ``over_pads`` is the way of released models: padding counts, and each process has statistics of its own.
    """

    def __init__(self, channels: int, *, over_pads: bool = False, eps: float = 1e-5) -> None:
        super().__init__(channels, eps=eps)
        self.over_pads = over_pads
        self.num_batches_tracked = torch.tensor(0.0)  # no integer, so that a moving average of weights can hold it

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """``x`` normalised; in training the running statistics learn from the valid positions."""
        if self.over_pads or not self.training or (mask is None and len(x) > 1 and not _is_shared()):
            return super().forward(x)
        rows = (x.unsqueeze(-1) if x.dim() == 2 else x).float()
        weight = rows.new_ones(len(rows), 1, 1) if mask is None else mask.to(rows.dtype).view(len(mask), 1, -1)
        weight = weight.expand(-1, 1, rows.shape[2])
        total = _over_processes(weight.sum())
        count = total.clamp_min(1)
        mean = _over_processes((rows * weight).sum((0, 2))) / count
        spread = _over_processes(((rows - mean[:, None]).square() * weight).sum((0, 2))) / count
        if self.running_mean is not None and self.running_var is not None:  # where nothing is valid, nothing is learnt
            mean = torch.where(total > 0, mean, self.running_mean.float())
            spread = torch.where(total > 0, spread, self.running_var.float())
        self._remember(mean.detach(), (spread * torch.where(total > 1, count / (count - 1), 1.0)).detach())
        scale = self.weight * (spread + self.eps).rsqrt()
        normal = (rows - mean[:, None]) * scale[:, None] + self.bias[:, None]
        return normal.reshape(x.shape).to(x.dtype)

    @torch.no_grad()
    def _remember(self, mean: Tensor, spread: Tensor) -> None:
        if self.running_mean is None or self.running_var is None or self.num_batches_tracked is None:
            return
        self.num_batches_tracked.add_(1)
        self.running_mean.lerp_(mean.to(self.running_mean.dtype), self.momentum or 0.0)
        self.running_var.lerp_(spread.to(self.running_var.dtype), self.momentum or 0.0)


def _over_processes(value: Tensor) -> Tensor:
    """The sum over all processes, through which gradients flow back to each."""
    if not _is_shared():
        return value
    from torch.distributed.nn.functional import all_reduce

    summed: Tensor = all_reduce(value)
    return summed


def _is_shared() -> bool:
    from torch import distributed

    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1
