"""S3D with gating, trained on HowTo100M (Miech et al., 2020), in the layout of its public checkpoint.

It differs from `_s3d`: frames are folded into 24 channels first, poolings pad behind only, blocks are gated, and a
linear layer brings 1024 numbers to the 512 of its text space.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

Padding = int | tuple[int, int, int]
MIXED = {
    "mixed_3b": (192, 64, 96, 128, 16, 32, 32),
    "mixed_3c": (256, 128, 128, 192, 32, 96, 64),
    "mixed_4b": (480, 192, 96, 208, 16, 48, 64),
    "mixed_4c": (512, 160, 112, 224, 24, 64, 64),
    "mixed_4d": (512, 128, 128, 256, 24, 64, 64),
    "mixed_4e": (512, 112, 144, 288, 32, 64, 64),
    "mixed_4f": (528, 256, 160, 320, 32, 128, 128),
    "mixed_5b": (832, 256, 160, 320, 32, 128, 128),
    "mixed_5c": (832, 384, 192, 384, 48, 128, 128),
}
POOLED_BEFORE = {"mixed_4b": (3, 2), "mixed_5b": (2, 2)}  # kernel and stride over time and picture


class Plain(nn.Module):
    """Convolution, batch normalisation, ReLU."""

    def __init__(self, d_in: int, d_out: int, kernel: tuple[int, int, int] = (1, 1, 1), padding: Padding = 0) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(d_in, d_out, kernel, padding=padding, bias=False)
        self.bn1 = nn.BatchNorm3d(d_out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, d_in, T, H, W) -> (B, d_out, T', H', W')."""
        return functional.relu(self.bn1(self.conv1(x)))


class Separable(Plain):
    """3 x 3 over the picture, then 3 over time."""

    def __init__(self, d_in: int, d_out: int) -> None:
        super().__init__(d_in, d_out, (1, 3, 3), (0, 1, 1))
        self.conv2 = nn.Conv3d(d_out, d_out, (3, 1, 1), padding=(1, 0, 0), bias=False)
        self.bn2 = nn.BatchNorm3d(d_out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, d_in, T, H, W) -> (B, d_out, T, H, W)."""
        return functional.relu(self.bn2(self.conv2(super().forward(x))))


class Gate(nn.Module):
    """Every channel times a number between 0 and 1 that depends on the average of all channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        gates: Tensor = self.fc(x.mean((2, 3, 4))).sigmoid()
        return x * gates[:, :, None, None, None]


class Mixed(nn.Module):
    """Four gated branches side by side."""

    def __init__(self, d_in: int, b0: int, b1a: int, b1b: int, b2a: int, b2b: int, b3: int) -> None:
        super().__init__()
        self.conv_b0 = Plain(d_in, b0)
        self.conv_b1_a, self.conv_b1_b = Plain(d_in, b1a), Separable(b1a, b1b)
        self.conv_b2_a, self.conv_b2_b = Plain(d_in, b2a), Separable(b2a, b2b)
        self.maxpool_b3 = nn.MaxPool3d(3, 1, 1)
        self.conv_b3_b = Plain(d_in, b3)
        self.gating_b0, self.gating_b1, self.gating_b2, self.gating_b3 = Gate(b0), Gate(b1b), Gate(b2b), Gate(b3)

    def forward(self, x: Tensor) -> Tensor:
        """Joined along the channels."""
        branches = (
            self.gating_b0(self.conv_b0(x)),
            self.gating_b1(self.conv_b1_b(self.conv_b1_a(x))),
            self.gating_b2(self.conv_b2_b(self.conv_b2_a(x))),
            self.gating_b3(self.conv_b3_b(self.maxpool_b3(x))),
        )
        return torch.cat(branches, 1)


class S3dHowTo100m(nn.Module):
    """(B, 3, T, H, W) in 0 … 1, all even -> (B, 512)."""

    def __init__(self, size: int = 512) -> None:
        super().__init__()
        self.conv1 = Plain(24, 64, (2, 4, 4), (1, 2, 2))
        self.conv_2b = Plain(64, 64)
        self.conv_2c = Separable(64, 192)
        self.gating = Gate(192)
        for name, widths in MIXED.items():
            self.add_module(name, Mixed(*widths))
        self.fc = nn.Linear(1024, size)

    def forward(self, x: Tensor) -> Tensor:
        """One vector per clip."""
        x = self.conv1(folded(x))[:, :, 1:, 1:, 1:]  # "same" padding of an even kernel: one behind, none in front
        x = self.conv_2c(self.conv_2b(pooled(x, (1, 3, 3), (1, 2, 2))))
        x = pooled(self.gating(x), (1, 3, 3), (1, 2, 2))
        for name in MIXED:
            if name in POOLED_BEFORE:
                kernel, stride = POOLED_BEFORE[name]
                x = pooled(x, (kernel,) * 3, (stride,) * 3)
            x = self.get_submodule(name)(x)
        vectors: Tensor = self.fc(x.mean((2, 3, 4)))
        return vectors


def folded(x: Tensor) -> Tensor:
    """Cubes of 2 x 2 x 2 pixels become channels, the colour the quickest of them to change."""
    b, c, t, h, w = x.shape
    cubes = x.view(b, c, t // 2, 2, h // 2, 2, w // 2, 2).permute(0, 3, 5, 7, 1, 2, 4, 6)
    return cubes.reshape(b, 8 * c, t // 2, h // 2, w // 2)


def pooled(x: Tensor, kernel: tuple[int, ...], stride: tuple[int, ...]) -> Tensor:
    """Maximum over neighbourhoods; kernel minus stride zeros of padding whatever the size, the larger half behind."""
    pads: list[int] = []
    for k, s in reversed(list(zip(kernel, stride, strict=True))):
        pads += [(k - s) // 2, (k - s) - (k - s) // 2]
    return functional.max_pool3d(functional.pad(x, pads), kernel, stride, ceil_mode=True)
