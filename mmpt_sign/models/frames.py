"""Networks of the front ends: frames of a stream -> inputs of an encoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from mmpt_sign.errors import DataError

if TYPE_CHECKING:
    from mmpt_sign.models.front_ends.frame_mlp import FrameMlpFrontEnd
    from mmpt_sign.models.front_ends.temporal import TemporalFrontEnd

Frames = tuple[Tensor, Tensor]  # x (B, L, D), mask (B, L)


def joined(streams: Mapping[str, Frames]) -> Frames:
    """Streams of equal length side by side, in the order in which the tower names them."""
    given = list(streams.values())
    if len(given) == 1:
        return given[0]
    lengths = {name: x.shape[1] for name, (x, _) in streams.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"streams of different lengths cannot be read frame by frame together: {lengths}")
    return torch.cat([x for x, _ in given], -1), torch.stack([mask for _, mask in given]).all(0)


class FrameMap(nn.Module):
    """A map of each frame by itself."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, streams: Mapping[str, Frames]) -> Frames:
        """The streams together, mapped."""
        x, mask = joined(streams)
        return self.network(x), mask


class TemporalMap(nn.Module):
    """Linear and LayerNorm per frame, then residual depthwise convolutions that never see padding."""

    def __init__(self, part: TemporalFrontEnd, d_in: int, d_out: int) -> None:
        super().__init__()
        self.linear = nn.Linear(d_in, d_out)
        self.norm = nn.LayerNorm(d_out)
        self.dropout = nn.Dropout(part.dropout)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(d_out, d_out, part.kernel, padding=part.kernel // 2, groups=d_out) for _ in range(part.layers)
        )
        self.mixers = nn.ModuleList(nn.Linear(d_out, d_out) for _ in range(part.layers))

    def forward(self, streams: Mapping[str, Frames]) -> Frames:
        """The streams together, mapped."""
        x, mask = joined(streams)
        valid = mask.unsqueeze(-1)
        hidden = self.dropout(self.norm(self.linear(x)))
        for convolution, mixer in zip(self.convolutions, self.mixers, strict=True):
            near = convolution((hidden * valid).transpose(1, 2)).transpose(1, 2)
            hidden = hidden + mixer(nn.functional.gelu(near))
        return hidden, mask


class FrameMlp(nn.Module):
    """Linear, GELU, LayerNorm, linear, behind optional convolutions."""

    def __init__(self, part: FrameMlpFrontEnd, d_in: int, d_out: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv1d(d_in, d_in, part.kernel, padding=part.kernel // 2) for _ in range(part.convolutions)
        )
        self.padded_to = part.padded_to
        self.half_kernel = part.kernel // 2
        self.linear1 = nn.Linear(d_in, d_out)
        self.norm = nn.LayerNorm(d_out, eps=1e-5)
        self.linear2 = nn.Linear(d_out, d_out)
        self.dropout = nn.Dropout(part.dropout)
        for linear in (self.linear1, self.linear2):
            nn.init.normal_(linear.weight, std=0.02)
            nn.init.zeros_(linear.bias)

    def forward(self, streams: Mapping[str, Frames]) -> Frames:
        """The streams together, mapped."""
        x, mask = joined(streams)
        if len(self.convolutions):
            x = self._convolved(x * mask.unsqueeze(-1), mask)
        hidden = self.dropout(self.norm(nn.functional.gelu(self.linear1(x))))
        return self.dropout(self.linear2(hidden)), mask

    def _convolved(self, x: Tensor, mask: Tensor) -> Tensor:
        """Through the convolutions, which see either no padding or as much as the original's fixed length holds."""
        length = x.shape[1]
        if self.padded_to is not None:
            reach = len(self.convolutions) * self.half_kernel
            x = nn.functional.pad(x, (0, 0, 0, max(min(self.padded_to - length, reach), 0)))
        for number, convolution in enumerate(self.convolutions):
            if number and self.padded_to is None:
                x = x * mask.unsqueeze(-1)
            x = convolution(x.transpose(1, 2)).transpose(1, 2)
        return x[:, :length]
