"""The networks written a second time: numpy, double precision, one loop per kernel position, straight from the papers.

Nothing is shared with the package: padding is counted out by hand, poolings and convolutions are sums and maxima over
shifted copies, weights come by their names in the public checkpoints.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Weights = Mapping[str, Any]
I3D_BLOCKS = ("3b", "3c", "4b", "4c", "4d", "4e", "4f", "5b", "5c")


def weights_of(state: Mapping[str, Any]) -> dict[str, Array]:
    return {name: np.asarray(value.numpy(), np.float64) for name, value in state.items()}


def shifted(x: Array, kernel: tuple[int, ...], stride: tuple[int, ...], pads: Any, fill: float) -> Any:
    """Every position of the kernel and the input that the outputs meet there."""
    x = np.pad(x, ((0, 0), *pads), constant_values=fill)
    outputs = [(size - k) // s + 1 for size, k, s in zip(x.shape[1:], kernel, stride, strict=True)]
    for position in itertools.product(*(range(k) for k in kernel)):
        cuts = [
            slice(p, p + (n - 1) * s + 1, s) for p, n, s in zip(position, outputs, stride, strict=True)
        ]  # fmt: skip
        yield position, x[(slice(None), *cuts)]


def convolved(x: Array, weight: Array, stride: tuple[int, ...], pads: Any) -> Array:
    total: Any = 0.0
    for position, part in shifted(x, weight.shape[2:], stride, pads, 0.0):
        total = total + np.tensordot(weight[(slice(None), slice(None), *position)], part, 1)
    return np.asarray(total)


def maximum(x: Array, kernel: tuple[int, ...], stride: tuple[int, ...], pads: Any, fill: float) -> Array:
    return np.asarray(np.max([part for _, part in shifted(x, kernel, stride, pads, fill)], axis=0))


def tensorflow_pads(shape: tuple[int, ...], kernel: tuple[int, ...], stride: tuple[int, ...]) -> list[tuple[int, int]]:
    pads = []
    for size, k, s in zip(shape, kernel, stride, strict=True):
        total = max(k - s, 0) if size % s == 0 else max(k - size % s, 0)
        pads.append((total // 2, total - total // 2))
    return pads


def normalised(x: Array, weights: Weights, name: str, epsilon: float) -> Array:
    mean, variance, gain, offset = (
        weights[f"{name}.{part}"][:, None, None, None] for part in ("running_mean", "running_var", "weight", "bias")
    )
    return np.asarray(np.maximum((x - mean) / np.sqrt(variance + epsilon) * gain + offset, 0))


def i3d(x: Array, weights: Weights) -> Array:
    """(3, T, H, W) -> (1024,)."""

    def unit(x: Array, name: str, stride: int = 1) -> Array:
        weight, strides = weights[f"{name}.conv3d.weight"], (stride,) * 3
        pads = tensorflow_pads(x.shape[1:], weight.shape[2:], strides)
        return normalised(convolved(x, weight, strides, pads), weights, f"{name}.bn", 1e-3)

    def pool(x: Array, kernel: tuple[int, ...], stride: tuple[int, ...]) -> Array:
        return maximum(x, kernel, stride, tensorflow_pads(x.shape[1:], kernel, stride), 0.0)

    def mixed(x: Array, name: str) -> Array:
        branches = (
            unit(x, f"{name}.b0"),
            unit(unit(x, f"{name}.b1a"), f"{name}.b1b"),
            unit(unit(x, f"{name}.b2a"), f"{name}.b2b"),
            unit(pool(x, (3, 3, 3), (1, 1, 1)), f"{name}.b3b"),
        )
        return np.concatenate(branches)

    x = pool(unit(x, "Conv3d_1a_7x7", 2), (1, 3, 3), (1, 2, 2))
    x = pool(unit(unit(x, "Conv3d_2b_1x1"), "Conv3d_2c_3x3"), (1, 3, 3), (1, 2, 2))
    for block in I3D_BLOCKS:
        if block == "4b":
            x = pool(x, (3, 3, 3), (2, 2, 2))
        if block == "5b":
            x = pool(x, (2, 2, 2), (2, 2, 2))
        x = mixed(x, f"Mixed_{block}")
    return np.asarray(x.mean((1, 2, 3)))


def s3d(x: Array, weights: Weights) -> Array:
    """(3, T, H, W) -> (T / 4, 832)."""
    low = -np.inf

    def basic(x: Array, name: str) -> Array:
        out = convolved(x, weights[f"{name}.conv.weight"], (1, 1, 1), ((0, 0),) * 3)
        return normalised(out, weights, f"{name}.bn", 1e-3)

    def separable(x: Array, name: str, stride: int = 1) -> Array:
        picture, time = weights[f"{name}.conv_s.weight"], weights[f"{name}.conv_t.weight"]
        half = picture.shape[-1] // 2
        x = convolved(x, picture, (1, stride, stride), ((0, 0), (half, half), (half, half)))
        x = convolved(
            normalised(x, weights, f"{name}.bn_s", 1e-3), time, (stride, 1, 1), ((half, half), (0, 0), (0, 0))
        )
        return normalised(x, weights, f"{name}.bn_t", 1e-3)

    x = maximum(separable(x, "base.0", 2), (1, 3, 3), (1, 2, 2), ((0, 0), (1, 1), (1, 1)), low)
    x = separable(basic(x, "base.2"), "base.3")
    x = maximum(x, (1, 3, 3), (1, 2, 2), ((0, 0), (1, 1), (1, 1)), low)
    for n in (5, 6, 8, 9, 10, 11, 12):
        if n == 8:
            x = maximum(x, (3, 3, 3), (2, 2, 2), ((1, 1),) * 3, low)
        pooled = maximum(x, (3, 3, 3), (1, 1, 1), ((1, 1),) * 3, low)
        branches = (
            basic(x, f"base.{n}.branch0.0"),
            separable(basic(x, f"base.{n}.branch1.0"), f"base.{n}.branch1.1"),
            separable(basic(x, f"base.{n}.branch2.0"), f"base.{n}.branch2.1"),
            basic(pooled, f"base.{n}.branch3.1"),
        )
        x = np.concatenate(branches)
    return np.asarray(x.mean((2, 3)).T)


def s3d_howto100m(x: Array, weights: Weights) -> Array:
    """(3, T, H, W) -> (512,)."""

    def plain(x: Array, name: str, pads: Any = ((0, 0),) * 3, which: int = 1) -> Array:
        return normalised(
            convolved(x, weights[f"{name}.conv{which}.weight"], (1, 1, 1), pads), weights, f"{name}.bn{which}", 1e-5
        )

    def separable(x: Array, name: str) -> Array:
        return plain(plain(x, name, ((0, 0), (1, 1), (1, 1))), name, ((1, 1), (0, 0), (0, 0)), 2)

    def gated(x: Array, name: str) -> Array:
        gate = weights[f"{name}.fc.weight"] @ x.mean((1, 2, 3)) + weights[f"{name}.fc.bias"]
        return np.asarray(x / (1 + np.exp(-gate))[:, None, None, None])

    def pool(x: Array, kernel: tuple[int, ...], stride: tuple[int, ...]) -> Array:
        """``kernel - stride`` zeros of padding, and a last neighbourhood that need not be full."""
        pads = []
        for size, k, s in zip(x.shape[1:], kernel, stride, strict=True):
            front = (k - s) // 2
            outputs = -(-(size + k - s - k) // s) + 1
            pads.append((front, (outputs - 1) * s + k - size - front))
        return maximum(x, kernel, stride, pads, 0.0)

    t, h, w = (size // 2 for size in x.shape[1:])
    cubes = np.zeros((24, t, h, w))
    for dt, dy, dx, colour in itertools.product(range(2), range(2), range(2), range(3)):
        cubes[((dt * 2 + dy) * 2 + dx) * 3 + colour] = x[colour, dt::2, dy::2, dx::2]
    # The original pads (1, 2, 2) on both sides and drops the first output: that leaves (0, 1, 1) in front, all behind.
    x = plain(cubes, "conv1", ((0, 1), (1, 2), (1, 2)))
    x = separable(plain(pool(x, (1, 3, 3), (1, 2, 2)), "conv_2b"), "conv_2c")
    x = pool(gated(x, "gating"), (1, 3, 3), (1, 2, 2))
    for block in I3D_BLOCKS:
        if block == "4b":
            x = pool(x, (3, 3, 3), (2, 2, 2))
        if block == "5b":
            x = pool(x, (2, 2, 2), (2, 2, 2))
        name = f"mixed_{block}"
        beside = maximum(x, (3, 3, 3), (1, 1, 1), ((1, 1),) * 3, -np.inf)
        x = np.concatenate(
            [
                gated(plain(x, f"{name}.conv_b0"), f"{name}.gating_b0"),
                gated(separable(plain(x, f"{name}.conv_b1_a"), f"{name}.conv_b1_b"), f"{name}.gating_b1"),
                gated(separable(plain(x, f"{name}.conv_b2_a"), f"{name}.conv_b2_b"), f"{name}.gating_b2"),
                gated(plain(beside, f"{name}.conv_b3_b"), f"{name}.gating_b3"),
            ]
        )
    return np.asarray(weights["fc.weight"] @ x.mean((1, 2, 3)) + weights["fc.bias"])
