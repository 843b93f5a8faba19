"""What a tower learns from clips alone: stretches of frames are hidden from it, and it tells them from the rest.

What: one linear map reads the hidden frames off the tower's tokens; each number counts by its own spread in the batch,
so that small velocities matter as much as large positions.
Needs: a tower over one stream whose first tokens are its frames.
Reference: Hu et al. 2021, SignBERT: pre-training of hand models by masked poses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmpt_sign.errors import ConfigError
from mmpt_sign.models.frames import Frames

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment, HiddenFramesOptions
    from mmpt_sign.models.dual_encoder import Tower


class HiddenFrames(nn.Module):
    """Lives beside the model in training; nothing of it is exported."""

    def __init__(self, width: int, token_width: int, options: HiddenFramesOptions) -> None:
        super().__init__()
        self.options = options
        self.instead = nn.Parameter(torch.zeros(width))
        self.told = nn.Linear(token_width, width)

    def forward(self, tower: Tower, streams: Mapping[str, Frames]) -> Tensor:
        """How far off the tower is, in standard deviations."""
        name = tower.streams[0]
        x, mask = streams[name]
        hidden = stretches(mask, self.options.share, self.options.length)
        tokens = tower({**streams, name: (torch.where(hidden[..., None], self.instead, x), mask)}).tokens
        first = int(getattr(tower.encoder, "class_token", "pooled") != "pooled")
        told: Tensor = self.told(tokens[:, first : first + x.shape[1]])
        if told.shape[1] < x.shape[1]:
            raise ConfigError(f"hidden_frames: the tower makes {told.shape[1]} tokens of {x.shape[1]} frames")
        if not hidden.any():
            return 0 * told.sum()
        spread = x[mask].std(0, unbiased=False).clamp_min(1e-3)
        away = functional.smooth_l1_loss(told[hidden], (x[hidden] - x[mask].mean(0)) / spread)
        return self.options.weight * away


def hidden_frames_of(experiment: Experiment) -> nn.ModuleDict:
    """One for each tower of an experiment that asks for it."""
    options = experiment.hidden_frames
    if options is None:
        return nn.ModuleDict()
    widths = {name: experiment.streams[(tower.of or (name,))[0]].width for name, tower in experiment.video.items()}
    return nn.ModuleDict(
        {
            name: HiddenFrames(widths[name], tower.encoder.resolved().token_width, options)
            for name, tower in experiment.video.items()
        }
    )


def stretches(mask: Tensor, share: float, length: int) -> Tensor:
    """(B, L) bool: about ``share`` of the valid frames, in runs of ``length`` that may touch."""
    start = 1 - (1 - share) ** (1 / length)  # a frame stays visible if no start that reaches it is drawn
    starts = (torch.rand(mask.shape, device=mask.device) < start).float()
    reached = functional.max_pool1d(functional.pad(starts, (length - 1, 0))[:, None], length, stride=1)[:, 0]
    return (reached > 0) & mask
