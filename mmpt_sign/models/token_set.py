"""What every encoder returns, whatever the modality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class TokenSet:
    """``tokens`` (B, L, D), ``mask`` (B, L) with True = valid, ``pooled`` (B, D).

    ``times`` (B, L, 2) are the frames that each position means, the second one excluded; a position that means none,
    such as a closing token, has an empty span.  ``present`` (B,) is False where a clip has no frames in any stream of
    the tower: what the set holds there is finite and means nothing; None stands for all present.
    """

    tokens: Tensor
    mask: Tensor
    pooled: Tensor
    times: Tensor | None = None
    present: Tensor | None = None

    def __len__(self) -> int:
        return int(self.pooled.shape[0])

    def rows(self, index: Tensor) -> TokenSet:
        """The sets at ``index``, in that order."""
        times = None if self.times is None else self.times[index]
        present = None if self.present is None else self.present[index]
        return TokenSet(self.tokens[index], self.mask[index], self.pooled[index], times, present)

    def single(self) -> TokenSet:
        """The same in float32, whatever precision the encoder computed in."""
        return replace(self, tokens=self.tokens.float(), pooled=self.pooled.float())


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


def joined(parts: Sequence[TokenSet]) -> TokenSet:
    """The rows of all parts, padded to the longest of them."""
    length = max(part.tokens.shape[1] for part in parts)
    wide = [padded(part, length) for part in parts]
    times = [part.times for part in wide if part.times is not None]
    present = [part.present for part in wide if part.present is not None]
    return TokenSet(
        torch.cat([part.tokens for part in wide]),
        torch.cat([part.mask for part in wide]),
        torch.cat([part.pooled for part in wide]),
        torch.cat(times) if len(times) == len(parts) else None,
        torch.cat(present) if len(present) == len(parts) else None,
    )
