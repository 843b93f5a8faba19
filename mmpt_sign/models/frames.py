"""Networks of the front ends: frames of a stream -> inputs of an encoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor, nn

from mmpt_sign.errors import ConfigError

if TYPE_CHECKING:
    from mmpt_sign.models.front_ends.frame_mlp import FrameMlpFrontEnd
    from mmpt_sign.models.front_ends.temporal import TemporalFrontEnd

Frames = tuple[Tensor, Tensor]  # x (B, L, D), mask (B, L)


def single_width(name: str, widths: Mapping[str, int]) -> int:
    """The width of the one stream that a plain front end reads."""
    if len(widths) != 1:
        raise ConfigError(f"front end '{name}' reads one stream, not {len(widths)}: {', '.join(widths)}")
    return next(iter(widths.values()))


class FrameMap(nn.Module):
    """A map of each frame by itself."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, streams: Mapping[str, Frames]) -> Frames:
        """The only stream, mapped."""
        x, mask = next(iter(streams.values()))
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
        """The only stream, mapped."""
        x, mask = next(iter(streams.values()))
        valid = mask.unsqueeze(-1)
        hidden = self.dropout(self.norm(self.linear(x)))
        for convolution, mixer in zip(self.convolutions, self.mixers, strict=True):
            near = convolution((hidden * valid).transpose(1, 2)).transpose(1, 2)
            hidden = hidden + mixer(nn.functional.gelu(near))
        return hidden, mask


class FrameMlp(nn.Module):
    """Linear, GELU, LayerNorm, linear, behind optional convolutions that never see padding."""

    def __init__(self, part: FrameMlpFrontEnd, d_in: int, d_out: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv1d(d_in, d_in, part.kernel, padding=part.kernel // 2) for _ in range(part.convolutions)
        )
        self.linear1 = nn.Linear(d_in, d_out)
        self.norm = nn.LayerNorm(d_out, eps=1e-5)
        self.linear2 = nn.Linear(d_out, d_out)
        self.dropout = nn.Dropout(part.dropout)
        for linear in (self.linear1, self.linear2):
            nn.init.normal_(linear.weight, std=0.02)
            nn.init.zeros_(linear.bias)

    def forward(self, streams: Mapping[str, Frames]) -> Frames:
        """The only stream, mapped."""
        x, mask = next(iter(streams.values()))
        valid = mask.unsqueeze(-1)
        for convolution in self.convolutions:
            x = convolution((x * valid).transpose(1, 2)).transpose(1, 2)
        hidden = self.dropout(self.norm(nn.functional.gelu(self.linear1(x))))
        return self.dropout(self.linear2(hidden)), mask
