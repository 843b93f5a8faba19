"""Convolutions over overlapping windows in which nothing is computed twice, and nothing is approximated.

A convolution over time is a sum of convolutions of single frames, one per tap of its kernel.  The product of a tap and
a frame is the same in every window that holds the frame; only where a window begins or ends are some taps left out.  So
products are computed once per frame, and two outputs are one where they are sums of the same products.  Which ones that
are is not derived from the stride but looked up: an output is known by the products that it is the sum of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

OUTSIDE = -1
BLOCK = 8  # outputs that are summed at a time, so that they stay in the cache until they are pooled

Places = NDArray[np.int64]


@dataclass(frozen=True)
class SharedFrames:
    """What the windows hold: ``items`` (N, C, H, W), each once, and ``places`` (windows, T): which one is where."""

    items: Tensor
    places: Places

    def stacked(self, some: slice = slice(None)) -> Tensor:
        """Each of some windows by itself: (windows, C, T, H, W), channels innermost in memory."""
        windows, frames = self.places[some].shape
        index = torch.from_numpy(self.places[some].reshape(-1)).to(self.items.device)
        rows = self.items.permute(0, 2, 3, 1).index_select(0, index)
        return rows.view(windows, frames, *rows.shape[1:]).permute(0, 4, 1, 2, 3)


def distinct_sums(places: Places, taps: int, before: int) -> tuple[Places, Places]:
    """The distinct outputs of a temporal convolution that pads ``before`` frames in front.

    First (outputs, taps): the item that each tap meets, `OUTSIDE` where the window has none; then (windows, T): which
    of these outputs is where.
    """
    windows, frames = places.shape
    around = np.full((windows, frames + taps), OUTSIDE, np.int64)
    around[:, before : before + frames] = places
    met = np.lib.stride_tricks.sliding_window_view(around, taps, axis=1)[:, :frames]
    sums, where = np.unique(met.reshape(-1, taps), axis=0, return_inverse=True)
    return sums, where.reshape(windows, frames)


def convolved(
    frames: SharedFrames,
    kernels: Sequence[Tensor],
    bias: Tensor,
    before: int,
    product: Callable[[Tensor, Tensor], Tensor],
    after: Callable[[Tensor], Tensor],
) -> SharedFrames:
    """One convolution over time, then ``after`` (pooling) on every distinct output.

    ``kernels`` are the taps, ``product`` is the two-dimensional convolution of some items with one of them.
    """
    sums, places = distinct_sums(frames.places, len(kernels), before)
    products, rows = [], []
    for kernel, met in zip(kernels, sums.T, strict=True):
        needed = np.unique(met[met != OUTSIDE])
        products.append(product(_some(frames.items, needed), kernel))
        rows.append(np.where(met == OUTSIDE, OUTSIDE, np.searchsorted(needed, met)))
    offset = bias.view(1, -1, 1, 1)
    blocks = [
        after(functional.relu_(_summed(products, [row[first : first + BLOCK] for row in rows], offset)))
        for first in range(0, len(sums), BLOCK)
    ]
    return SharedFrames(torch.cat(blocks), places)


def _summed(products: Sequence[Tensor], rows: Sequence[Places], offset: Tensor) -> Tensor:
    total = torch.zeros_like(products[0][:1]).expand(len(rows[0]), -1, -1, -1) + offset
    for values, row in zip(products, rows, strict=True):
        inside = np.flatnonzero(row != OUTSIDE)
        if len(inside) == len(row):
            total += _some(values, row)
        elif len(inside):
            total[inside] += _some(values, row[inside])
    return total


def _some(values: Tensor, rows: Places) -> Tensor:
    """The rows asked for; a view where they follow each other."""
    if len(rows) and rows[-1] - rows[0] == len(rows) - 1 and (np.diff(rows) == 1).all():
        return values[int(rows[0]) : int(rows[-1]) + 1]
    index = torch.from_numpy(rows).to(values.device)
    return values.permute(0, 2, 3, 1).index_select(0, index).permute(0, 3, 1, 2)
