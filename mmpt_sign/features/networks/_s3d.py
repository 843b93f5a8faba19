"""S3D (Xie et al., 2018) as TwoStream uses it: separable convolutions, padded alike on both sides.

The layers are one list, because checkpoints number them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTHS = {
    5: (192, 64, 96, 128, 16, 32, 32),
    6: (256, 128, 128, 192, 32, 96, 64),
    8: (480, 192, 96, 208, 16, 48, 64),
    9: (512, 160, 112, 224, 24, 64, 64),
    10: (512, 128, 128, 256, 24, 64, 64),
    11: (512, 112, 144, 288, 32, 64, 64),
    12: (528, 256, 160, 320, 32, 128, 128),
    14: (832, 256, 160, 320, 32, 128, 128),
    15: (832, 384, 192, 384, 48, 128, 128),
}
ENDS = (0, 3, 6, 12, 15)  # the last layer of each of the five blocks
SIZES = (64, 192, 480, 832, 1024)


def _norm(channels: int) -> nn.BatchNorm3d:
    return nn.BatchNorm3d(channels, eps=1e-3, momentum=1e-3)


class Basic(nn.Module):
    """1 x 1 x 1 convolution, batch normalisation, ReLU."""

    def __init__(self, d_in: int, d_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv3d(d_in, d_out, 1, bias=False)
        self.bn = _norm(d_out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, d_in, T, H, W) -> (B, d_out, T, H, W)."""
        return functional.relu(self.bn(self.conv(x)))


class Separable(nn.Module):
    """A convolution of pictures, then one over time, each with batch normalisation and ReLU."""

    def __init__(self, d_in: int, d_out: int, kernel: int, stride: int = 1) -> None:
        super().__init__()
        k, s, p = kernel, stride, kernel // 2
        self.conv_s = nn.Conv3d(d_in, d_out, (1, k, k), (1, s, s), (0, p, p), bias=False)
        self.bn_s = _norm(d_out)
        self.conv_t = nn.Conv3d(d_out, d_out, (k, 1, 1), (s, 1, 1), (p, 0, 0), bias=False)
        self.bn_t = _norm(d_out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, d_in, T, H, W) -> (B, d_out, T / stride, H / stride, W / stride)."""
        x = functional.relu(self.bn_s(self.conv_s(x)))
        return functional.relu(self.bn_t(self.conv_t(x)))


class Mixed(nn.Module):
    """Four branches side by side."""

    def __init__(self, d_in: int, b0: int, b1a: int, b1b: int, b2a: int, b2b: int, b3: int) -> None:
        super().__init__()
        self.branch0 = nn.Sequential(Basic(d_in, b0))
        self.branch1 = nn.Sequential(Basic(d_in, b1a), Separable(b1a, b1b, 3))
        self.branch2 = nn.Sequential(Basic(d_in, b2a), Separable(b2a, b2b, 3))
        self.branch3 = nn.Sequential(nn.MaxPool3d(3, 1, 1), Basic(d_in, b3))

    def forward(self, x: Tensor) -> Tensor:
        """Joined along the channels."""
        return torch.cat([self.branch0(x), self.branch1(x), self.branch2(x), self.branch3(x)], 1)


class S3d(nn.Module):
    """(B, channels, T, H, W) -> (B, T / 4, 832) with four blocks, (B, T / 8, 1024) with five."""

    def __init__(self, blocks: int = 4, channels: int = 3) -> None:
        super().__init__()
        layers: list[nn.Module] = [
            Separable(channels, 64, 7, 2),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
            Basic(64, 64),
            Separable(64, 192, 3),
            nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)),
        ]
        for index in range(len(layers), ENDS[blocks - 1] + 1):
            pool = {7: nn.MaxPool3d(3, 2, 1), 13: nn.MaxPool3d(2, 2)}.get(index)
            layers.append(pool or Mixed(*WIDTHS[index]))
        self.base = nn.Sequential(*layers[: ENDS[blocks - 1] + 1])
        self.size = SIZES[blocks - 1]

    def blocks(self, x: Tensor) -> list[Tensor]:
        """The output of every block: what lateral connections and pyramids start from."""
        outputs = []
        for index, layer in enumerate(self.base):
            x = layer(x)
            if index in ENDS:
                outputs.append(x)
        return outputs

    def forward(self, x: Tensor) -> Tensor:
        """The last block, averaged over the picture."""
        return self.blocks(x)[-1].mean((3, 4)).transpose(1, 2)
