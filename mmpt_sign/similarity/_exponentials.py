"""Sums of exponentials over all pairs of tokens, the costly part of every softmax between two sets of tokens.

Cosines are bounded, so one exponential serves the softmax along both sides.  A block of pairs is in memory at a time,
small enough for a processor's cache; the gradient computes it again and is written out, in half the passes over memory
that recording every step would take.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from mmpt_sign.similarity._blocks import Side, block_size

SAFE, TINY = 60.0, 1e-30  # exp(-SAFE) is far above the smallest float32, and above TINY
MASKED = -1e4  # its exponential is exactly zero


@dataclass(frozen=True)
class Sums:
    """Over the right side's tokens (a, L, b), and over the left side's (a, b, W).

    ``weights`` are sums of exp(u), u = (cosine - 1) / tau; ``products`` of u exp(u), where asked for.
    """

    weights: tuple[Tensor, Tensor]
    products: tuple[Tensor, Tensor]


def is_bounded(tau: float) -> bool:
    """Whether the smallest exponential can still be told from zero."""
    return 2 / tau <= SAFE


def sums(left: Side, right: Side, tau: float, block: int, *, products: bool) -> Sums:
    """Of unit tokens; the masks say which of them are summed over.  Under autocast nothing but cosines is rounded.

    Sums over nothing are zero, and those that belong to a hidden token mean nothing and pass no gradient.
    """
    device = left[0].device.type
    dtype = torch.get_autocast_dtype(device) if torch.is_autocast_enabled(device) else left[0].dtype
    with torch.autocast(device, enabled=False):
        w3, w1, p3, p1 = _Exponentials.apply(  # type: ignore[no-untyped-call]
            *left, *right, _How(tau, block, products, dtype)
        )
    return Sums((w3, w1), (p3, p1))


def everything(side: Side) -> Side:
    """The side with nothing hidden."""
    return side[0], torch.ones_like(side[1])


@dataclass(frozen=True)
class _How:
    tau: float
    block: int
    products: bool
    dtype: torch.dtype

    def blocks(self, left: Tensor, right: Tensor, right_mask: Tensor) -> Iterator[tuple[slice, slice, Tensor]]:
        """Which clips, which texts, and u of all pairs of their tokens (a, L, b, W)."""
        rows, columns = block_size(left.shape, right.shape, self.block)
        exact = torch.promote_types(left.dtype, torch.float32)
        shift = torch.full(right_mask.shape, MASKED, dtype=exact, device=left.device)
        shift.masked_fill_(right_mask, -1 / self.tau)
        for i in range(0, len(left), rows):
            clips = left[i : i + rows]
            for j in range(0, len(right), columns):
                words = right[j : j + columns]
                cosines = clips.flatten(0, 1) @ words.flatten(0, 1).T
                u = torch.add(shift[j : j + columns].flatten(), cosines, alpha=1 / self.tau)
                yield slice(i, i + rows), slice(j, j + columns), u.view(*clips.shape[:2], *words.shape[:2])


class _Exponentials(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, left: Tensor, left_mask: Tensor, right: Tensor, right_mask: Tensor, how: _How
    ) -> tuple[Tensor, ...]:
        over_right = left.new_zeros(2, *left.shape[:2], len(right))
        over_left = left.new_zeros(2, len(left), *right.shape[:2])
        counted = left_mask.to(left.dtype).unsqueeze(1)  # (a, 1, L)
        left, right = left.to(how.dtype), right.to(how.dtype)
        for rows, columns, u in how.blocks(left, right, right_mask):
            values = u.exp()
            for k in range(1 + how.products):
                values = values.mul_(u) if k else values
                over_right[k, rows, :, columns] = values.sum(3)
                of_texts = over_left[k, rows, columns]
                of_texts.copy_(torch.bmm(counted[rows], values.flatten(2)).view_as(of_texts))
        ctx.how = how
        ctx.save_for_backward(left, left_mask, right, right_mask)
        return over_right[0], over_left[0], over_right[1], over_left[1]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        how: _How = ctx.how
        left, left_mask, right, right_mask = ctx.saved_tensors
        weights3, weights1, products3, products1 = gradients
        to_left, to_right = (side.new_zeros(side.shape, dtype=weights3.dtype) for side in (left, right))
        counted = left * left_mask.unsqueeze(2)
        for rows, columns, u in how.blocks(left, right, right_mask):
            change = _outer(weights3, weights1, rows, columns)
            if how.products:  # the derivative of u exp(u) is (u + 1) exp(u)
                of_products = _outer(products3, products1, rows, columns)
                change.add_(of_products).addcmul_(of_products, u)
            change = change.mul_(u.exp_()).flatten(2).flatten(0, 1).to(how.dtype)  # (a L, b W)
            to_left[rows] += (change @ right[columns].flatten(0, 1)).view_as(left[rows])
            to_right[columns] += (change.T @ counted[rows].flatten(0, 1)).view_as(right[columns])
        return to_left.mul_(left_mask.unsqueeze(2) / how.tau), None, to_right.div_(how.tau), None, None


def _outer(over_right: Tensor, over_left: Tensor, rows: slice, columns: slice) -> Tensor:
    """Both gradients at every pair of tokens: (a, L, b) and (a, b, W) -> (a, L, b, W)."""
    return over_right[rows, :, columns].unsqueeze(3) + over_left[rows, columns].unsqueeze(1)
