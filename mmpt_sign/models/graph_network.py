"""A graph network over the joints of a hand or of the arms, frame by frame, then over neighbouring frames."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mmpt_sign.models.graph import KINDS, Skeleton
from mmpt_sign.models.valid_norm import ValidNorm

BLOCK_DROPOUT, HEAD_DROPOUT = 0.05, 0.25


@dataclass(frozen=True)
class Padding:
    """What padding may do in a released model and must not do otherwise."""

    in_norms: bool = False
    in_convolutions: bool = False

    @property
    def is_computed(self) -> bool:
        """Whether empty frames go through the network at all."""
        return self.in_norms or self.in_convolutions


class GraphBlock(nn.Module):
    """Joints exchange by the matrices of their graph, then each is mapped by itself; a shortcut around both."""

    def __init__(self, d_in: int, d_out: int, padding: Padding, *, shortcut: bool = True) -> None:
        super().__init__()
        self.spread = nn.Conv1d(d_in, KINDS * d_out, 1)
        self.norm1 = ValidNorm(d_out, over_pads=padding.in_norms)
        self.mix = nn.Conv1d(d_out, d_out, 1)
        self.norm2 = ValidNorm(d_out, over_pads=padding.in_norms)
        self.dropout = nn.Dropout(BLOCK_DROPOUT)
        self.has_shortcut = shortcut
        self.shortcut = (
            nn.ModuleList([nn.Conv1d(d_in, d_out, 1), ValidNorm(d_out, over_pads=padding.in_norms)])
            if shortcut and d_in != d_out
            else None
        )

    def forward(self, x: Tensor, adjacency: Tensor, mask: Tensor | None) -> Tensor:
        """Frames (N, C, V) -> (N, C', V)."""
        count, _, joints = x.shape
        sent = self.spread(x).view(count, KINDS, -1, joints)
        heard = torch.einsum("nkcv,kvw->ncw", sent, adjacency)
        heard = self.dropout(torch.relu(self.norm1(heard, mask)))
        own = self.dropout(self.norm2(self.mix(heard), mask))
        return torch.relu(own + self._past(x, mask))

    def _past(self, x: Tensor, mask: Tensor | None) -> Tensor | float:
        if not self.has_shortcut:
            return 0.0
        if self.shortcut is None:
            return x
        conv, norm = self.shortcut
        passed: Tensor = norm(conv(x), mask)
        return passed


class TemporalBlock(nn.Module):
    """Five frames at once beside twice three frames."""

    def __init__(self, width: int, padding: Padding) -> None:
        super().__init__()
        self.padding = padding
        self.wide = nn.Conv1d(width, width, 5, padding=2)
        self.near1 = nn.Conv1d(width, width, 3, padding=1)
        self.near2 = nn.Conv1d(width, width, 3, padding=1)
        self.merge = nn.Conv1d(2 * width, width, 1)
        self.norm = ValidNorm(width, over_pads=padding.in_norms)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, C, T) -> (B, C, T); ``mask`` (B, T)."""
        x = self._visible(x, mask)
        near = self._visible(torch.relu(self.near1(x)), mask)
        both = torch.cat([torch.relu(self.wide(x)), torch.relu(self.near2(near))], 1)
        return torch.relu(self.norm(self.merge(both), mask))

    def _visible(self, x: Tensor, mask: Tensor) -> Tensor:
        return x if self.padding.in_convolutions else x * mask.unsqueeze(1)


class PartNetwork(nn.Module):
    """The network of one skeleton: joints, then parts, then neighbouring frames."""

    A: Tensor
    A_pool: Tensor

    def __init__(
        self,
        skeleton: Skeleton,
        coordinates: int,
        joints: Sequence[int],
        pooled: Sequence[int],
        *,
        temporal: int,
        padding: Padding,
        input_eps: float,
    ) -> None:
        super().__init__()
        self.padding = padding
        self.parts = skeleton.parts
        self.register_buffer("A", torch.from_numpy(skeleton.graph.adjacency()))
        self.register_buffer("A_pool", torch.from_numpy(skeleton.pooled.adjacency()))
        numbers = len(skeleton.graph.distances) * coordinates
        self.data_norm = ValidNorm(numbers, over_pads=padding.in_norms, eps=input_eps)
        widths = [coordinates, *joints, *pooled]
        made = [
            GraphBlock(a, b, padding, shortcut=k > 0) for k, (a, b) in enumerate(zip(widths, widths[1:], strict=False))
        ]
        self.blocks = nn.ModuleList(made[: len(joints)])
        self.pooled = nn.ModuleList(made[len(joints) :])
        self.head = nn.Conv1d(widths[-1], widths[-1], 1)
        self.head_norm = ValidNorm(widths[-1], over_pads=padding.in_norms)
        self.dropout = nn.Dropout(HEAD_DROPOUT)
        self.temporal = nn.ModuleList(TemporalBlock(widths[-1], padding) for _ in range(temporal))

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, T, V, C), (B, T) -> (B, T, D)."""
        if self.padding.is_computed or not mask.any():
            frames = self.frames(x.flatten(0, 1), mask.flatten()).view(*mask.shape, -1)
        else:
            seen = self.frames(x[mask], None)
            frames = seen.new_zeros(*mask.shape, seen.shape[-1])
            frames[mask] = seen
        along = frames.transpose(1, 2)
        for block in self.temporal:
            along = block(along, mask)
        return along.transpose(1, 2)

    def frames(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Each frame by itself: (N, V, C) -> (N, D)."""
        count, joints, coordinates = x.shape
        x = self.data_norm(x.reshape(count, -1), mask).view(count, joints, coordinates).transpose(1, 2)
        for block in self.blocks:
            x = block(x, self.A, mask)
        x = torch.stack([x[:, :, list(part)].amax(2) for part in self.parts], 2)
        for block in self.pooled:
            x = block(x, self.A_pool, mask)
        x = self.head_norm(self.head(x.amax(2, keepdim=True)), mask)
        described: Tensor = self.dropout(torch.relu(x)).squeeze(2)
        return described
