"""The network behind the encoder ``clip_visual``: CLIP's image transformer, run over clips instead of patches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from mmpt_sign.errors import ConfigError
from mmpt_sign.models.clip import ClipTransformer
from mmpt_sign.models.token_set import TokenSet, masked_mean

if TYPE_CHECKING:
    from mmpt_sign.models.encoders.clip_visual import ClipVisual


class ClipVisualTower(nn.Module):
    """A class token, then the clips.

    Hidden from the clips, the class token reads everything and is read by nobody, so clips are encoded alike whether
    it is kept (``hidden``) or left out of the set (``pooled``).
    """

    def __init__(self, part: ClipVisual) -> None:
        super().__init__()
        width, project = part.size("hidden_size"), part.size("project")
        scale = width**-0.5
        self.class_token = part.class_token
        self.pool = part.pooled_by
        self.pad_to = part.pad_to
        self.resizes = part.resize_positions == "linear"
        self.class_embedding = nn.Parameter(scale * torch.randn(width))
        self.positional_embedding = nn.Parameter(scale * torch.randn(part.size("positions"), width))
        self.ln_pre = nn.LayerNorm(width)
        self.transformer = ClipTransformer(
            width, part.size("layers"), part.size("heads"), part.dropout, recompute=part.recompute
        )
        self.ln_post = nn.LayerNorm(width)
        self.proj = nn.Parameter(scale * torch.randn(width, project))

    def forward(self, x: Tensor, mask: Tensor) -> TokenSet:
        """(B, L, width), (B, L) -> tokens of the clips, with the class token before them unless it is ``pooled``."""
        missing = (self.pad_to or 0) - x.shape[1]
        if missing > 0:
            x, mask = nn.functional.pad(x, (0, 0, 0, missing)), nn.functional.pad(mask, (0, missing))
        first = self.class_embedding.to(x.dtype).expand(len(x), 1, -1)
        states = torch.cat([first, x], 1) + self._positions(mask).to(x.dtype)
        valid = torch.cat([mask.new_full((len(mask), 1), self.class_token == "valid"), mask], 1)
        states = self.transformer(self.ln_pre(states), valid)
        tokens = self.ln_post(states) @ self.proj
        start = 1 if self.class_token == "pooled" else 0
        pooled = tokens[:, 0] if self.pool == "class_token" else masked_mean(tokens, valid)
        return TokenSet(tokens[:, start:], valid[:, start:], pooled)

    def _positions(self, mask: Tensor) -> Tensor:
        """Of the class token and the clips; a clip longer than the table spreads over all of it, if that is allowed."""
        table, room = self.positional_embedding, len(self.positional_embedding) - 1
        length = mask.shape[1]
        if length <= room:
            return table[: length + 1]
        if not self.resizes:
            raise ConfigError(
                f"{length} clips do not fit the {room} positions of clip_visual: thin them (thin_to of the stream, "
                "max_clips of front_end mix), raise positions, or set resize_positions: linear"
            )
        counts = mask.sum(1).clamp_min(2)[:, None]
        step = torch.where(counts > room, (room - 1) / (counts - 1), torch.ones_like(counts, dtype=torch.float))
        place = (torch.arange(length, device=mask.device) * step).clamp_max(room - 1)
        low = place.floor().long()
        part = (place - low).unsqueeze(-1).to(table.dtype)
        rows = table[1:]
        between = rows[low] * (1 - part) + rows[(low + 1).clamp_max(room - 1)] * part
        return torch.cat([table[:1].expand(len(mask), 1, -1), between], 1)
