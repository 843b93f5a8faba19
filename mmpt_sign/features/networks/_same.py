"""Padding as TensorFlow does it ("same"): as many outputs as input / stride, the larger half of the padding behind.

I3D was trained that way, and its padding depends on the size of the input: an even picture is padded otherwise than an
odd one, and a window otherwise than a whole video.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

Sizes = tuple[int, ...]
Cube = tuple[int, int, int]


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros before and behind an axis of ``size``."""
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def padded(x: Tensor, kernel: Sizes, stride: Sizes) -> Tensor:
    """``x`` (B, C, …) with the zeros written out on each of its last axes."""
    pads: list[int] = []
    for size, k, s in reversed(list(zip(x.shape[2:], kernel, stride, strict=True))):
        pads += same_padding(size, k, s)
    return functional.pad(x, pads) if any(pads) else x


def max_pool(x: Tensor, kernel: Sizes, stride: Sizes) -> Tensor:
    """Max pooling of ``x`` >= 0 without writing the zeros out: behind a ReLU a zero never exceeds what it is beside."""
    sides = [same_padding(size, k, s) for size, k, s in zip(x.shape[2:], kernel, stride, strict=True)]
    even = [before == behind for before, behind in sides]
    pool = functional.max_pool3d if len(kernel) == 3 else functional.max_pool2d
    if all(even):
        return pool(x, kernel, stride, [before for before, _ in sides])
    if all(before == 0 and behind < s for (before, behind), s in zip(sides, stride, strict=True)):
        return pool(x, kernel, stride, ceil_mode=True)  # the last, incomplete neighbourhood counts
    return pool(padded(x, kernel, stride), kernel, stride)
