"""The network behind the text tower ``clip_text``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from mmpt_sign.errors import ConfigError
from mmpt_sign.models.clip import ClipTransformer
from mmpt_sign.models.token_set import TokenSet, masked_mean

if TYPE_CHECKING:
    from mmpt_sign.models.texts.clip_text import ClipText

PAD_OF_THE_ORIGINAL = 0  # "!" in CLIP's vocabulary


class ClipTextTower(nn.Module):
    """Start, words, end: each reads what stands before it, so padding behind the end changes nothing before it."""

    def __init__(self, part: ClipText) -> None:
        super().__init__()
        width, project = part.size("hidden_size"), part.size("project")
        self.pool = part.pool
        self.pad_to = part.pad_to
        self.pad_id_zero = part.pad_id_zero
        self.token_embedding = nn.Embedding(part.size("vocabulary_size"), width)
        self.positional_embedding = nn.Parameter(0.01 * torch.randn(part.size("positions"), width))
        self.transformer = ClipTransformer(
            width, part.size("layers"), part.size("heads"), part.dropout, causal=True, recompute=part.recompute
        )
        self.ln_final = nn.LayerNorm(width)
        self.text_projection = nn.Parameter(width**-0.5 * torch.randn(width, project))
        nn.init.normal_(self.token_embedding.weight, std=0.02)
        self._freeze(part.freeze, part.freeze_layers)

    def forward(self, ids: Tensor, mask: Tensor) -> TokenSet:
        """(B, S), (B, S) -> tokens of start, words and end."""
        missing = (self.pad_to or 0) - ids.shape[1]
        if missing > 0:
            ids, mask = nn.functional.pad(ids, (0, missing)), nn.functional.pad(mask, (0, missing))
        if self.pad_id_zero:
            ids = ids.masked_fill(~mask, PAD_OF_THE_ORIGINAL)
        length = ids.shape[1]
        if length > len(self.positional_embedding):
            raise ConfigError(f"{length} tokens do not fit the {len(self.positional_embedding)} positions of clip_text")
        states = self.transformer(self.token_embedding(ids) + self.positional_embedding[:length])
        tokens = self.ln_final(states) @ self.text_projection
        return TokenSet(tokens, mask, self._pooled(tokens, mask))

    def _pooled(self, tokens: Tensor, mask: Tensor) -> Tensor:
        if self.pool == "words":
            return masked_mean(tokens, mask)
        end = (mask.sum(1) - 1).clamp_min(0)
        return tokens[torch.arange(len(tokens), device=tokens.device), end]

    def _freeze(self, names: tuple[str, ...], layers: int) -> None:
        if "all" in names:
            self.requires_grad_(False)
        if "token_embedding" in names:
            self.token_embedding.requires_grad_(False)
        if "text_positions" in names:
            self.positional_embedding.requires_grad_(False)
        for block in list(self.transformer.resblocks)[:layers]:
            block.requires_grad_(False)
