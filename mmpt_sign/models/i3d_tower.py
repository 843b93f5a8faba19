"""The network behind ``encoder: i3d``, and what becomes of it: a public checkpoint for extraction and labelling."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmpt_sign.features.checkpoints import load
from mmpt_sign.features.networks import _i3d
from mmpt_sign.features.networks.i3d import I3d
from mmpt_sign.models.token_set import TokenSet
from mmpt_sign.text.weights import found_file

if TYPE_CHECKING:
    from mmpt_sign.models.encoders.i3d import I3dTower as Part

BODY = "encoder.network."


class I3dTower(nn.Module):
    """(B, L, 3 * pixels * pixels) -> a TokenSet of one token each."""

    def __init__(self, part: Part) -> None:
        super().__init__()
        self.part = part
        self.network: nn.Module = _i3d.I3d()
        if part.weights is not None:
            self.network = load(I3d(), found_file(Path(part.weights))).network.requires_grad_(True).train()

    def forward(self, x: Tensor, mask: Tensor) -> TokenSet:
        """One vector per window; how far the batch is padded changes nothing."""
        frames = self._windows(x, mask)
        clips = frames.unflatten(2, (3, self.part.pixels, self.part.pixels)).transpose(1, 2)
        vectors = functional.dropout(self.network(clips), self.part.dropout, self.training)
        pooled = torch.cat([vectors, torch.ones_like(vectors[:, :1])], 1)
        return TokenSet(pooled[:, None], mask[:, :1], pooled)

    def _windows(self, x: Tensor, mask: Tensor) -> Tensor:
        """Frames behind the end of a clip are its last one, up to a whole window."""
        last = mask.sum(1).clamp_min(1) - 1
        length = max(self.part.window, int(last.max()) + 1)
        index = torch.minimum(torch.arange(length, device=x.device)[None], last[:, None])
        return x[torch.arange(len(x), device=x.device)[:, None], index]


def public_weights(video: Mapping[str, Tensor], labels: Tensor | None) -> dict[str, Tensor]:
    """The names and shapes of public checkpoints: the body, and the classifier where there are labels."""
    state = {f"module.{name}": value.contiguous() for name, value in video.items()}
    if labels is not None:
        state["module.logits.conv3d.weight"] = labels[:, :-1, None, None, None].contiguous()
        state["module.logits.conv3d.bias"] = labels[:, -1].contiguous()
    return state
