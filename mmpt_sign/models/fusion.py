"""Two streams of tokens become a third one, ``fused``, which stands for the clip."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mmpt_sign.errors import ConfigError
from mmpt_sign.models.clip import QuickGelu
from mmpt_sign.models.same_grid import common_mask, has_stream, on_one_grid
from mmpt_sign.models.token_set import TokenSet, masked_mean


def common_width(widths: Mapping[str, int], of: tuple[str, str]) -> int:
    """Numbers per token of both towers, which must agree."""
    absent = [name for name in of if name not in widths]
    if absent:
        raise ConfigError(f"fusion: no tower called {', '.join(absent)}; towers: {', '.join(widths)}")
    if widths[of[0]] != widths[of[1]]:
        raise ConfigError(f"fusion: tokens of {of[0]} have {widths[of[0]]} numbers, those of {of[1]} {widths[of[1]]}")
    return widths[of[0]]


class Fusion(nn.Module):
    """The sets as they are, and ``fused``; a clip that lacks a stream, or is made to in training, is the other one."""

    def __init__(self, network: nn.Module, of: tuple[str, str], stream_dropout: float = 0.0) -> None:
        super().__init__()
        self.network = network
        self.of = of
        self.stream_dropout = stream_dropout

    def forward(self, sets: Mapping[str, TokenSet]) -> dict[str, TokenSet]:
        """The sets of all towers, by name."""
        first, second = on_one_grid(sets[self.of[0]], sets[self.of[1]])
        has_first, has_second = self._used(has_stream(first), has_stream(second))
        mask = common_mask(first, second, has_first, has_second)
        mixed = self.network(first.tokens, second.tokens, mask)
        alone = torch.where(has_first[:, None, None], first.tokens, second.tokens)
        tokens = torch.where((has_first & has_second)[:, None, None], mixed, alone)
        times = _times(first, second, has_first)
        fused = TokenSet(tokens, mask, masked_mean(tokens, mask), times, has_first | has_second)
        return {**sets, "fused": fused}

    def _used(self, has_first: Tensor, has_second: Tensor) -> tuple[Tensor, Tensor]:
        """Which streams are looked at: all there are, less those that are dropped in training, never both of a clip."""
        if not (self.training and self.stream_dropout):
            return has_first, has_second
        both, drawn = has_first & has_second, torch.rand(len(has_first), device=has_first.device)
        lose_first = both & (drawn < self.stream_dropout / 2)
        lose_second = both & (drawn >= 1 - self.stream_dropout / 2)
        return has_first & ~lose_first, has_second & ~lose_second


def _times(first: TokenSet, second: TokenSet, has_first: Tensor) -> Tensor | None:
    if first.times is None or second.times is None:
        return second.times if first.times is None else first.times
    return torch.where(has_first[:, None, None], first.times, second.times)


class MlpMix(nn.Module):
    """Both tokens of a position through one network, with both of them as a shortcut."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(2 * width, 4 * width), nn.Linear(4 * width, 2 * width)
        self.fc3 = nn.Linear(2 * width, width)
        self.activation = QuickGelu()
        self.norm = nn.LayerNorm(width, eps=1e-12)

    def forward(self, first: Tensor, second: Tensor, mask: Tensor) -> Tensor:
        """(B, L, D) twice -> (B, L, D)."""
        hidden = self.activation(self.fc1(torch.cat([first, second], -1)))
        mixed: Tensor = self.norm(self.fc3(self.activation(self.fc2(hidden))) + first + second)
        return mixed
