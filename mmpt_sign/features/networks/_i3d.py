"""Inception-v1 inflated to three dimensions (Carreira and Zisserman, 2017), in the layout of its public checkpoints."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from mmpt_sign.features.networks._same import Cube, Sizes, padded

SIZE = 1024
# Input channels, then those of the branches: b0, b1a, b1b, b2a, b2b, b3b.
MIXED: dict[str, tuple[int, ...]] = {
    "Mixed_3b": (192, 64, 96, 128, 16, 32, 32),
    "Mixed_3c": (256, 128, 128, 192, 32, 96, 64),
    "Mixed_4b": (480, 192, 96, 208, 16, 48, 64),
    "Mixed_4c": (512, 160, 112, 224, 24, 64, 64),
    "Mixed_4d": (512, 128, 128, 256, 24, 64, 64),
    "Mixed_4e": (512, 112, 144, 288, 32, 64, 64),
    "Mixed_4f": (528, 256, 160, 320, 32, 128, 128),
    "Mixed_5b": (832, 256, 160, 320, 32, 128, 128),
    "Mixed_5c": (832, 384, 192, 384, 48, 128, 128),
}
# What is pooled before a layer: (kernel, stride).
POOLED_BEFORE: dict[str, tuple[Sizes, Sizes]] = {
    "Conv3d_2b_1x1": ((1, 3, 3), (1, 2, 2)),
    "Mixed_3b": ((1, 3, 3), (1, 2, 2)),
    "Mixed_4b": ((3, 3, 3), (2, 2, 2)),
    "Mixed_5b": ((2, 2, 2), (2, 2, 2)),
}


class Unit(nn.Module):
    """Convolution, batch normalisation, ReLU."""

    def __init__(self, d_in: int, d_out: int, kernel: int = 1, stride: int = 1) -> None:
        super().__init__()
        self.kernel: Cube = (kernel, kernel, kernel)
        self.stride: Cube = (stride, stride, stride)
        self.conv3d = nn.Conv3d(d_in, d_out, self.kernel, self.stride, bias=False)
        self.bn = nn.BatchNorm3d(d_out, eps=1e-3, momentum=0.01)

    def forward(self, x: Tensor) -> Tensor:
        """(B, d_in, T, H, W) -> (B, d_out, T / stride, H / stride, W / stride)."""
        return functional.relu(self.bn(self.conv3d(padded(x, self.kernel, self.stride))))


class Mixed(nn.Module):
    """Four branches side by side: 1, 1 then 3, 1 then 3, pool then 1."""

    def __init__(self, d_in: int, b0: int, b1a: int, b1b: int, b2a: int, b2b: int, b3b: int) -> None:
        super().__init__()
        self.b0 = Unit(d_in, b0)
        self.b1a = Unit(d_in, b1a)
        self.b1b = Unit(b1a, b1b, 3)
        self.b2a = Unit(d_in, b2a)
        self.b2b = Unit(b2a, b2b, 3)
        self.b3b = Unit(d_in, b3b)

    def forward(self, x: Tensor) -> Tensor:
        """All branches, joined along the channels."""
        pooled = functional.max_pool3d(padded(x, (3, 3, 3), (1, 1, 1)), 3, 1)
        return torch.cat([self.b0(x), self.b1b(self.b1a(x)), self.b2b(self.b2a(x)), self.b3b(pooled)], 1)


class ClassHead(nn.Module):
    """The linear classifier, kept as a convolution because checkpoints have it so."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(SIZE, classes, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(B, 1024) -> (B, classes)."""
        return functional.linear(features, self.conv3d.weight.flatten(1), self.conv3d.bias)


class I3d(nn.Module):
    """(B, 3, T, H, W) in -0.5 … 0.5 -> (B, 1024), or class scores before the softmax.

    Features are the average over all that is left of time and space: 2 x 7 x 7 for 16 frames of 224 x 224, which is the
    published pooling.
    """

    def __init__(self, classes: int | None = None) -> None:
        super().__init__()
        self.Conv3d_1a_7x7 = Unit(3, 64, 7, 2)
        self.Conv3d_2b_1x1 = Unit(64, 64)
        self.Conv3d_2c_3x3 = Unit(64, 192, 3)
        for name, widths in MIXED.items():
            self.add_module(name, Mixed(*widths))
        if classes is not None:
            self.logits = ClassHead(classes)

    def layers(self) -> Iterator[tuple[str, nn.Module]]:
        """The body in order, without the class head."""
        return ((name, module) for name, module in self.named_children() if name != "logits")

    @property
    def has_classes(self) -> bool:
        """Whether it answers with class scores."""
        return hasattr(self, "logits")

    def forward(self, x: Tensor) -> Tensor:
        """One vector per clip."""
        for name, layer in self.layers():
            if name in POOLED_BEFORE:
                kernel, stride = POOLED_BEFORE[name]
                x = functional.max_pool3d(padded(x, kernel, stride), kernel, stride)
            x = layer(x)
        features = x.mean((2, 3, 4))
        return self.logits(features) if self.has_classes else features
