"""Cross gloss attention: every position of one stream looks at a few sampled places of the other around it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from mmpt_sign.errors import ConfigError
from mmpt_sign.models.fusion import MlpMix

if TYPE_CHECKING:
    from mmpt_sign.models.fusions.cross_gloss_attention import CrossGlossAttention

EPS = 1e-6
Sampling = Literal["aligned", "released"]


def centres(keys: int, sampling: Sampling) -> Tensor:
    """Where sampled places lie before the offsets: around the position; released ones lean to the past."""
    start = -keys // 2 if sampling == "released" else -(keys // 2)
    return torch.arange(start, start + keys, dtype=torch.float32)


def neighbours(
    places: Tensor, counts: Tensor, length: int, sampling: Sampling, edge: Literal["clamp", "wrap"]
) -> tuple[Tensor, Tensor]:
    """The positions on both sides of places (B, H, L, K), and what each of the two counts there: (B, H, L, 2K) both.

    ``counts`` (B,) are the valid positions, the first of which is place 0.  Released weights know a coordinate that is
    stretched and shifted (scaled for aligned corners, read for unaligned ones), a modulus that is one too small, zeros
    beyond the ends, and half of every value, because the unused second axis was asked at its border.
    """
    valid = counts.to(places.dtype).view(-1, 1, 1, 1)
    if sampling == "released":
        places = places.remainder((valid - 1).clamp_min(1)) * length / max(length - 1, 1) - 0.5
    elif edge == "wrap":
        places = places.remainder(valid.clamp_min(1))
    else:
        places = torch.minimum(places.clamp_min(0), (valid - 1).clamp_min(0))
    low = places.floor()
    high, share = low + 1, places - low
    weights = torch.cat([1 - share, share], 3)
    if sampling == "released":
        weights = 0.5 * weights * torch.cat([low >= 0, high < length], 3)
    elif edge == "wrap":
        high = high.remainder(valid.clamp_min(1))
    else:
        high = torch.minimum(high, (valid - 1).clamp_min(0))
    return torch.cat([low, high], 3).long().clamp(0, length - 1), weights


class LocalAttention(nn.Module):
    """Queries of one stream, keys and values of the other, sampled where an offset of each query says."""

    centres: Tensor

    def __init__(self, part: CrossGlossAttention, width: int, keys: int) -> None:
        super().__init__()
        self.part, self.keys = part, keys
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.offsets = nn.Linear(width, part.heads * keys)
        self.dropout = nn.Dropout(part.dropout)
        self.register_buffer("centres", centres(keys, part.sampling), persistent=False)

    def forward(self, x: Tensor, other: Tensor, mask: Tensor) -> Tensor:
        """(B, L, D) twice, and which positions are valid (B, L): one after another -> (B, L, D).

        Places are counted from the first valid position, before which a hidden class token may stand, and in float32,
        because bfloat16 has no whole numbers above 256 but even ones.
        """
        batch, length, width = x.shape
        states = self.query(x)
        offsets = self._by_head(self.offsets(states))
        first = mask.int().argmax(1).view(-1, 1, 1, 1)
        positions = torch.arange(length, device=x.device).view(1, 1, -1, 1) - first
        places = positions + self.centres.float() + offsets.float()
        key, value = (self._by_head(map_(other)) for map_ in (self.key, self.value))
        index, weights = neighbours(places, mask.sum(1), other.shape[1], self.part.sampling, self.part.edge)
        index = (index + first).clamp_max(other.shape[1] - 1)
        query = self._by_head(states) / math.sqrt(width // self.part.heads)
        # Interpolating is linear, so scores are interpolated, not keys, and shares are spread over values.
        logits = (query @ key.transpose(2, 3)).float().gather(3, index) * weights
        share = self.dropout(logits.unflatten(3, (2, -1)).sum(3).softmax(-1))
        spread = share.new_zeros(*share.shape[:3], other.shape[1]).scatter_add(
            3, index, share.repeat(1, 1, 1, 2) * weights
        )
        context = (spread.to(value.dtype) @ value).transpose(1, 2).reshape(batch, length, width)
        mixed: Tensor = self.out(context.to(x.dtype))
        return mixed

    def _by_head(self, x: Tensor) -> Tensor:
        """(B, L, H * d) -> (B, H, L, d)."""
        return x.view(*x.shape[:2], self.part.heads, -1).transpose(1, 2)


class GlossLayer(nn.Module):
    """Local attention, then a feed-forward network, each behind its norm."""

    def __init__(self, part: CrossGlossAttention, width: int, keys: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=EPS), nn.LayerNorm(width, eps=EPS)
        self.attention = LocalAttention(part, width, keys)
        self.fc1, self.fc2 = nn.Linear(width, part.ff), nn.Linear(part.ff, width)
        self.dropout = nn.Dropout(part.dropout)

    def forward(self, x: Tensor, other: Tensor, mask: Tensor) -> Tensor:
        """``x`` having looked at ``other``."""
        x = x + self.dropout(self.attention(self.norm1(x), other, mask))
        hidden = self.dropout(torch.relu(self.fc1(self.norm2(x))))
        heard: Tensor = x + self.dropout(self.fc2(hidden))
        return heard


class CrossGlossMix(nn.Module):
    """Two stacks that read each other's previous layer, then one network over both, then the inputs once more."""

    positions: Tensor

    def __init__(self, part: CrossGlossAttention, width: int) -> None:
        super().__init__()
        self.first_layers, self.second_layers = (
            nn.ModuleList(GlossLayer(part, width, keys) for keys in part.keys) for _ in range(2)
        )
        self.first_norm, self.second_norm = nn.LayerNorm(width, eps=EPS), nn.LayerNorm(width, eps=EPS)
        self.mix = MlpMix(width)
        self.register_buffer("positions", sinusoids(part.positions, width))

    def forward(self, first: Tensor, second: Tensor, mask: Tensor) -> Tensor:
        """(B, L, D) twice -> (B, L, D)."""
        if first.shape[1] > len(self.positions):
            raise ConfigError(
                f"cross_gloss_attention: {first.shape[1]} clips do not fit its {len(self.positions)} positions: raise "
                "positions, or thin the clips (max_clips of the front end, thin_to of the stream)"
            )
        places = self.positions[: first.shape[1]]
        a, b = first + places, second + places
        for one, other in zip(self.first_layers, self.second_layers, strict=True):
            a, b = one(a, b, mask), other(b, a, mask)
        mixed: Tensor = self.mix(self.first_norm(a), self.second_norm(b), mask)
        return mixed + first + second


def sinusoids(rows: int, width: int) -> Tensor:
    """Sines in even columns, cosines in odd ones."""
    turns = torch.arange(rows).unsqueeze(1) * torch.exp(torch.arange(0, width, 2) * (-math.log(10000.0) / width))
    return torch.stack([turns.sin(), turns.cos()], -1).flatten(1)[:, :width]
