"""Frames of key points -> one vector per window of neighbouring frames."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from mmpt_sign.errors import ConfigError
from mmpt_sign.models import graph
from mmpt_sign.models.frames import Frames, joined
from mmpt_sign.models.graph_network import Padding, PartNetwork, TemporalBlock

if TYPE_CHECKING:
    from mmpt_sign.models.front_ends.stgcn_windows import StgcnWindows

HAND_POINTS, BODY_POINTS = 21, 7
POINTS = 2 * HAND_POINTS + BODY_POINTS


def window_starts(lengths: Tensor, window: int, stride: int, most: int) -> Tensor:
    """First frames (B, most) of the windows of clips so many frames long, -1 behind the last one.

    A clip shorter than a window has one; the last window ends with the clip.  More than ``most`` are thinned evenly,
    rounded down from NumPy's linspace, which is also how released features were thinned.  A clip of no frames has none.
    """
    behind = (lengths - window).clamp_min(0)
    count = behind.add(stride - 1).div(stride, rounding_mode="floor") + 1
    slot = torch.arange(most, device=lengths.device)
    step = (count - 1).double() / max(most - 1, 1)
    is_last = (slot == most - 1) & (slot > 0)
    thinned = torch.where(is_last, (count - 1)[:, None], (slot * step[:, None]).floor().long())
    number = torch.where(count[:, None] > most, thinned, slot)
    starts = torch.minimum(number * stride, behind[:, None])
    is_there = (slot < count[:, None]) & (lengths > 0)[:, None]
    return starts.masked_fill(~is_there, -1)


class Windows(nn.Module):
    """Graph networks over hands and arms, then a block over each window, then the mean of its frames.

    The grid of windows follows from the number of frames, so it is made here: the networks look a few frames beyond a
    window and must have the whole clip.
    """

    def __init__(self, part: StgcnWindows, numbers: int, d_out: int) -> None:
        super().__init__()
        if numbers % POINTS:
            raise ConfigError(
                f"stgcn_windows reads {POINTS} points per frame, as pose_windows gives them; {numbers} numbers "
                f"are not a multiple of {POINTS}"
            )
        self.part = part
        self.fills_padding = part.empty_windows  # rows of empty windows mean something: released towers read them
        self.reach = 2 * part.temporal_blocks if part.tcn_over_pads else 0  # frames of padding that a clip's end sees
        padding = Padding(part.bn_over_pads, part.tcn_over_pads)
        body = graph.RELEASED_BODY if part.released_body else graph.BODY
        self.graph = nn.ModuleDict(
            {
                name: PartNetwork(
                    skeleton, numbers // POINTS, part.graph_channels, part.pooled,
                    temporal=part.temporal_blocks, padding=padding, input_eps=part.data_bn_eps,
                )
                for name, skeleton in (("hand", graph.HAND), ("body", body))
            }
        )  # fmt: skip
        self.width = 3 * part.pooled[-1]
        self.window = TemporalBlock(self.width, padding)
        self.linear = nn.Linear(self.width, d_out, bias=False)

    def forward(self, streams: Mapping[str, Frames]) -> Frames:
        """(B, L, 49 C) -> (B, N, d_out): one row per window."""
        frames, mask = self._at_least_a_window(*joined(streams))
        points = frames.view(*mask.shape, POINTS, -1)
        left, right, body = points.split((HAND_POINTS, HAND_POINTS, BODY_POINTS), 2)
        hand = self.graph["hand"]
        features = torch.cat([hand(left, mask), hand(right, mask), self.graph["body"](body, mask)], -1)
        starts = self.starts(mask)
        rows = self._rows(features, starts)
        is_window = starts >= 0
        kept = rows if self.part.empty_windows else rows * is_window.unsqueeze(-1)
        return self.linear(kept), is_window

    def starts(self, mask: Tensor) -> Tensor:
        """The grid of clips with such masks (B, L): (B, N), -1 where a clip has no more windows."""
        starts = window_starts(mask.sum(1), self.part.window, self.part.stride, self.part.max_clips)
        used = self.part.max_clips if self.part.empty_windows else int((starts >= 0).sum(1).amax().clamp_min(1))
        return starts[:, :used]

    def times(self, mask: Tensor) -> Tensor:
        """The frames (B, N, 2) of each window, the second one excluded; empty spans behind the last window."""
        starts, lengths = self.starts(mask), mask.sum(1, keepdim=True)
        first = starts.clamp_min(0)
        last = torch.minimum(first + self.part.window, lengths)
        return torch.stack([first, torch.where(starts >= 0, last, first)], -1)

    def _at_least_a_window(self, x: Tensor, mask: Tensor) -> Frames:
        """A clip shorter than a window goes on with its last frame; padding is zero."""
        lengths = mask.sum(1, keepdim=True)
        slot = torch.arange(max(x.shape[1], self.part.window), device=x.device)
        source = torch.minimum(slot[None], (lengths - 1).clamp_min(0)).unsqueeze(-1)
        valid = (slot < lengths.clamp_min(self.part.window)) & (lengths > 0)
        return x.gather(1, source.expand(-1, -1, x.shape[2])) * valid.unsqueeze(-1), valid

    def _rows(self, features: Tensor, starts: Tensor) -> Tensor:
        """(B, T, D) and the grid (B, N) -> (B, N, D): the mean of each window behind the window block."""
        is_window = starts >= 0
        if self.part.empty_windows or not is_window.any():
            windows = self._gathered(features, starts).flatten(0, 1) * is_window.view(-1, 1, 1)
            return self._mean_of_window(windows, is_window.flatten()).view(*starts.shape, -1)
        seen = self._mean_of_window(self._gathered(features, starts)[is_window], is_window[is_window])
        rows = seen.new_zeros(*starts.shape, seen.shape[-1])
        rows[is_window] = seen
        return rows

    def _gathered(self, features: Tensor, starts: Tensor) -> Tensor:
        """(B, N, window, D)."""
        frame = starts.clamp_min(0).unsqueeze(-1) + torch.arange(self.part.window, device=starts.device)
        clip = torch.arange(len(features), device=starts.device)[:, None, None]
        return features[clip, frame]

    def _mean_of_window(self, windows: Tensor, mask: Tensor) -> Tensor:
        """(W, window, D) -> (W, D)."""
        blocked: Tensor = self.window(windows.transpose(1, 2), mask[:, None].expand(-1, windows.shape[1]))
        return blocked.mean(2)
