"""What the frozen networks have in common: rows of features for windows of one video or of several."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

Segments = Sequence[tuple[Tensor, Sequence[int]]]  # frames (T, 3, H, W) of a video, first frames of its windows


def divided(vectors: Tensor, segments: Segments) -> list[Tensor]:
    """Rows of all videos back to the videos."""
    return list(vectors.split([len(starts) for _, starts in segments]))


class EachWindow(nn.Module):
    """Every window by itself, all windows of all videos as one batch: (B, 3, window, H, W) -> (B, size)."""

    def __init__(self, network: nn.Module, window: int) -> None:
        super().__init__()
        self.network, self.window = network, window
        self.eval().requires_grad_(False)

    def rows(self, segments: Segments) -> list[Tensor]:
        """One tensor (windows, size) per video."""
        clips = [frames[start : start + self.window] for frames, starts in segments for start in starts]
        return divided(self.network(torch.stack(clips).transpose(1, 2)), segments)


class WholeVideo(nn.Module):
    """A network that runs over time, (1, 3, T, H, W) -> (1, T / stride, size); each window is one of its steps."""

    def __init__(self, network: nn.Module, stride: int) -> None:
        super().__init__()
        self.network, self.stride = network, stride
        self.eval().requires_grad_(False)

    def rows(self, segments: Segments) -> list[Tensor]:
        """One tensor (windows, size) per video."""
        return [self._rows(frames, starts) for frames, starts in segments]

    def _rows(self, frames: Tensor, starts: Sequence[int]) -> Tensor:
        steps: Tensor = self.network(frames.transpose(0, 1)[None])[0]
        return steps[[start // self.stride for start in starts]]
