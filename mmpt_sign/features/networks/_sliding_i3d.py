"""I3D over sliding windows: the numbers of one window after the other, with far less work.

Windows of 16 frames at stride 1 share 15 frames.  "Same" padding makes the first and last outputs of every temporal
layer differ from window to window, the ones between do not.  Up to ``Conv3d_2c_3x3`` (more than half of all
multiplications) outputs are therefore computed once for all windows (`_shared_taps`); from ``Mixed_3b`` on every output
sees an end of its window and nothing is left to share.

The stem has stride 2 over time, so windows fall into an even and an odd phase.  Seen on pairs of frames it is an
ordinary convolution: kernel 7 over frames with stride 2 is kernel 4 over pairs (the last tap of the last pair is zero),
"same" padding of an even window is one pair in front, and a window of 16 frames is 8 pairs wherever it starts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mmpt_sign.features.networks._i3d import POOLED_BEFORE, I3d, Mixed, Unit
from mmpt_sign.features.networks._quick_time import QuickTimeConv
from mmpt_sign.features.networks._rows import Segments, divided
from mmpt_sign.features.networks._same import max_pool, padded
from mmpt_sign.features.networks._shared_taps import SharedFrames, convolved

WIDE = ("Mixed_3b", "Mixed_3c")
SHARING = 16  # windows that share their first layers; twice as many share 7 % more and take twice the memory
GROUP = 4  # windows that go through the wide blocks together; more would only leave the processor's cache
POOLED_AFTER = {"Mixed_3c": POOLED_BEFORE["Mixed_4b"], "Mixed_4f": POOLED_BEFORE["Mixed_5b"]}


class Folded(nn.Module):
    """Convolutions of one input as a single one, batch normalisations folded into weight and bias, then ReLU."""

    weight: Tensor
    bias: Tensor

    def __init__(self, *units: Unit) -> None:
        super().__init__()
        weight, bias = _folded(*units)
        self.register_buffer("weight", weight.contiguous(memory_format=torch.channels_last_3d))
        self.register_buffer("bias", bias)
        self.padding = [kernel // 2 for kernel in units[0].kernel]

    def forward(self, x: Tensor) -> Tensor:
        """Stride 1 only, where "same" padding is symmetric."""
        return functional.relu_(functional.conv3d(x, self.weight, self.bias, padding=self.padding))


class FoldedMixed(nn.Module):
    """An Inception block whose three convolutions of the block's own input run as one."""

    def __init__(self, mixed: Mixed, quick: bool) -> None:
        super().__init__()
        heads = (mixed.b0, mixed.b1a, mixed.b2a)
        self.heads, self.widths = Folded(*heads), [unit.conv3d.out_channels for unit in heads]
        self.b1b, self.b2b = (_over_time(unit, quick) for unit in (mixed.b1b, mixed.b2b))
        self.b3b = Folded(mixed.b3b)

    def forward(self, x: Tensor) -> Tensor:
        """All branches, joined along the channels."""
        b0, b1a, b2a = self.heads(x).split(self.widths, 1)
        pooled = max_pool(x, (3, 3, 3), (1, 1, 1))
        return torch.cat([b0, self.b1b(b1a), self.b2b(b2a), self.b3b(pooled)], 1)


class SharedConv(nn.Module):
    """A convolution over time as one picture convolution per tap, then ReLU, then the pooling before the next layer.

    ``group`` frames make one item; the kernel is filled up with zeros to whole groups.
    """

    taps: Tensor
    bias: Tensor

    def __init__(self, unit: Unit, pooled: bool, group: int = 1) -> None:
        super().__init__()
        weight, bias = _folded(unit)
        frames = -(-weight.shape[2] // group)
        grouped = functional.pad(weight, (0, 0, 0, 0, 0, frames * group - weight.shape[2])).unflatten(
            2, (frames, group)
        )
        self.register_buffer("taps", grouped.permute(2, 0, 3, 1, 4, 5).flatten(2, 3))  # (taps, out, group x in, k, k)
        self.register_buffer("bias", bias)
        self.before = (frames - 1) // 2
        self.kernel, self.stride, self.pooled = unit.kernel[1:], unit.stride[1:], pooled

    def forward(self, x: SharedFrames) -> SharedFrames:
        """The distinct outputs and where they are."""
        items = padded(x.items, self.kernel, self.stride)
        kernels = [tap.contiguous(memory_format=torch.channels_last) for tap in self.taps]
        return convolved(SharedFrames(items, x.places), kernels, self.bias, self.before, self._product, self._after)

    def _product(self, items: Tensor, kernel: Tensor) -> Tensor:
        return functional.conv2d(items, kernel, stride=self.stride)

    def _after(self, x: Tensor) -> Tensor:
        return max_pool(x, (3, 3), (2, 2)) if self.pooled else x


class SlidingI3d(nn.Module):
    """Frozen: made from a loaded `I3d`, for windows of an even number of frames.

    ``quick_time`` chooses `QuickTimeConv`, for processors and single precision.
    """

    def __init__(self, network: I3d, window: int, quick_time: bool = False) -> None:
        super().__init__()
        if window % 2:
            raise ValueError("windows of I3D have an even number of frames")
        self.window = window
        self.head: nn.Module = network.logits if network.has_classes else nn.Identity()
        self.stem = SharedConv(network.Conv3d_1a_7x7, pooled=True, group=2)
        self.one = SharedConv(network.Conv3d_2b_1x1, pooled=False)
        self.three = SharedConv(network.Conv3d_2c_3x3, pooled=True)
        self.wide, self.deep = nn.ModuleDict(), nn.ModuleDict()
        for name, layer in network.layers():
            if isinstance(layer, Mixed):
                frames = window // (2 if name in WIDE else 4 if name < "Mixed_5" else 8)
                (self.wide if name in WIDE else self.deep)[name] = FoldedMixed(layer, quick_time and frames > 2)
        self.eval().requires_grad_(False)

    def rows(self, segments: Segments) -> list[Tensor]:
        """One tensor (windows, size) per video; what is left to do behind `beginning` is done for all at once."""
        begun = [
            self.beginning(frames, starts[first : first + SHARING])
            for frames, starts in segments
            for first in range(0, len(starts), SHARING)
        ]
        return divided(self.rest(torch.cat(begun)), segments)

    def beginning(self, frames: Tensor, starts: Sequence[int]) -> Tensor:
        """Windows of one video up to the input of ``Mixed_4b``: (windows, 480, window / 4, H / 16, W / 16)."""
        shared: SharedFrames = self.three(self.one(self.stem(pairs(frames, starts, self.window))))
        groups = (shared.stacked(slice(first, first + GROUP)) for first in range(0, len(starts), GROUP))
        return torch.cat([self._through(self.wide, group) for group in groups])

    def rest(self, x: Tensor) -> Tensor:
        """What `beginning` made of windows of one video or of several -> one vector per window."""
        vectors: Tensor = self.head(self._through(self.deep, x).mean((2, 3, 4)))
        return vectors

    def _through(self, blocks: nn.ModuleDict, x: Tensor) -> Tensor:
        for name, block in blocks.items():
            x = block(x)
            if name in POOLED_AFTER:
                x = max_pool(x, *POOLED_AFTER[name])
        return x


def pairs(frames: Tensor, starts: Sequence[int], window: int) -> SharedFrames:
    """Each frame with the one behind it, (N, 6, H, W), and which of these pairs make up each window."""
    first = np.asarray(starts, np.int64)[:, None] + np.arange(0, window, 2)
    distinct, places = np.unique(first, return_inverse=True)
    index = torch.from_numpy(distinct).to(frames.device)
    items = torch.cat([frames[index], frames[index + 1]], 1).contiguous(memory_format=torch.channels_last)
    return SharedFrames(items, places.reshape(first.shape))


def _over_time(unit: Unit, quick: bool) -> nn.Module:
    return QuickTimeConv(*_folded(unit)) if quick else Folded(unit)


def _folded(*units: Unit) -> tuple[Tensor, Tensor]:
    """Weight and bias of the convolutions one above the other, normalised; in double precision on the way."""
    weights, biases = [], []
    for unit in units:
        bn = unit.bn
        assert bn.running_mean is not None
        assert bn.running_var is not None
        scale = bn.weight.double() / (bn.running_var.double() + bn.eps).sqrt()
        weights.append(unit.conv3d.weight.double() * scale.view(-1, 1, 1, 1, 1))
        biases.append(bn.bias.double() - bn.running_mean.double() * scale)
    return torch.cat(weights).float().detach(), torch.cat(biases).float().detach()
