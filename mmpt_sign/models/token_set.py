"""What every encoder returns, whatever the modality."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class TokenSet:
    """``tokens`` (B, L, D), ``mask`` (B, L) with True = valid, ``pooled`` (B, D), ``times`` (B, L, 2) frame spans."""

    tokens: Tensor
    mask: Tensor
    pooled: Tensor
    times: Tensor | None = None

    def __len__(self) -> int:
        return int(self.pooled.shape[0])

    def rows(self, index: Tensor) -> TokenSet:
        """The sets at ``index``, in that order."""
        times = None if self.times is None else self.times[index]
        return replace(self, tokens=self.tokens[index], mask=self.mask[index], pooled=self.pooled[index], times=times)


def masked_mean(tokens: Tensor, mask: Tensor) -> Tensor:
    """Mean over the valid positions: (B, L, D), (B, L) -> (B, D); padding never contributes."""
    weight = mask.to(tokens.dtype).unsqueeze(-1)
    return (tokens * weight).sum(1) / weight.sum(1).clamp_min(1.0)


def padded(token_set: TokenSet, length: int) -> TokenSet:
    """The same sets with the token axis padded to ``length`` (invalid positions)."""
    missing = length - token_set.tokens.shape[1]
    if missing <= 0:
        return token_set
    pad = torch.nn.functional.pad
    times = None if token_set.times is None else pad(token_set.times, (0, 0, 0, missing))
    return replace(
        token_set, tokens=pad(token_set.tokens, (0, 0, 0, missing)), mask=pad(token_set.mask, (0, missing)), times=times
    )
