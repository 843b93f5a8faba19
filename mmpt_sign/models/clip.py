"""CLIP's transformer, shared by the tower of clips and the tower of words.

Names of parameters are those of the public checkpoints, so weights go in and out without a table.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


class QuickGelu(nn.Module):
    """The approximation of GELU with which the public weights were trained."""

    def forward(self, x: Tensor) -> Tensor:
        """Each number times the sigmoid of 1.702 of it."""
        return x * torch.sigmoid(1.702 * x)


class Attention(nn.Module):
    """Self-attention; a row whose keys are all hidden attends to all of them, so that nothing becomes NaN."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: Tensor, keys: Tensor | None, causal: bool) -> Tensor:
        """(B, L, width) and which of the L positions may be looked at, (B, L) or all."""
        batch, length, width = x.shape
        states = nn.functional.linear(x, self.in_proj_weight, self.in_proj_bias)
        query, key, value = (s.view(batch, length, self.heads, -1).transpose(1, 2) for s in states.chunk(3, -1))
        seen = None if keys is None else (keys | ~keys.any(1, keepdim=True))[:, None, None]
        if seen is not None and causal:
            seen = seen & torch.ones(length, length, dtype=torch.bool, device=x.device).tril()
        mixed = nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=seen, is_causal=causal and seen is None
        )
        projected: Tensor = self.out_proj(mixed.transpose(1, 2).reshape(batch, length, width))
        return projected


class Block(nn.Module):
    """Attention and feed-forward, each behind its norm."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.attn = Attention(width, heads)
        self.ln_1 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            OrderedDict(c_fc=nn.Linear(width, 4 * width), gelu=QuickGelu(), c_proj=nn.Linear(4 * width, width))
        )
        self.ln_2 = nn.LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, keys: Tensor | None, causal: bool) -> Tensor:
        """One layer."""
        x = x + self.dropout(self.attn(self.ln_1(x), keys, causal))
        fed: Tensor = x + self.dropout(self.mlp(self.ln_2(x)))
        return fed


class ClipTransformer(nn.Module):
    """Layers, drawn as CLIP draws them: the deeper the stack, the smaller the steps."""

    def __init__(
        self,
        width: int,
        layers: int,
        heads: int,
        dropout: float = 0.0,
        *,
        causal: bool = False,
        recompute: bool = False,
    ) -> None:
        super().__init__()
        self.causal = causal
        self.recompute = recompute
        self.resblocks = nn.ModuleList(Block(width, heads, dropout) for _ in range(layers))
        deep = (2 * layers) ** -0.5
        for block in self.resblocks:
            _draw(block, width**-0.5, width**-0.5 * deep)

    def forward(self, x: Tensor, keys: Tensor | None = None) -> Tensor:
        """(B, L, width) through all layers; ``keys`` (B, L) are the positions that others may look at."""
        for block in self.resblocks:
            if self.recompute and torch.is_grad_enabled():
                x = checkpoint(block, x, keys, self.causal, use_reentrant=False)
            else:
                x = block(x, keys, self.causal)
        return x


def _draw(block: Any, step: float, last_step: float) -> None:
    """Initial weights of a layer; ``last_step`` is for the maps whose results are added to the stream."""
    nn.init.normal_(block.attn.in_proj_weight, std=step)
    nn.init.normal_(block.attn.out_proj.weight, std=last_step)
    nn.init.normal_(block.mlp.c_fc.weight, std=step * 2**-0.5)
    nn.init.normal_(block.mlp.c_proj.weight, std=last_step)
    for bias in (block.attn.out_proj.bias, block.mlp.c_fc.bias, block.mlp.c_proj.bias):
        nn.init.zeros_(bias)
