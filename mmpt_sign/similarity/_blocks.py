"""Every pair of two sets of tokens, a block of pairs at a time: memory is bounded whatever the size of the batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

Side = tuple[Tensor, Tensor]  # tokens (B, L, D), mask (B, L)
Compared = tuple[Tensor, Tensor]  # two matrices (a, b)
Compare = Callable[[Tensor, Tensor, Tensor, Tensor], Compared]


def unit(tokens: Tensor) -> Tensor:
    """Tokens of length 1, in float32: what half precision saves here is less than what it loses."""
    return torch.nn.functional.normalize(tokens.float(), dim=-1)


def in_blocks(compare: Compare, left: Side, right: Side, most: int) -> Compared:
    """Both whole matrices, with at most ``most`` similarities of tokens alive (or those of one pair, if more).

    A block is not kept for the gradient but computed again, so training needs no more memory than evaluation.
    """
    rows, columns = block_size(left[0].shape, right[0].shape, most)
    if rows >= len(left[0]) and columns >= len(right[0]):
        return compare(*left, *right)
    learns = torch.is_grad_enabled() and (left[0].requires_grad or right[0].requires_grad)
    texts = list(_split(right, columns))
    lines: list[Compared] = []
    for clips in _split(left, rows):
        parts = [_again(compare, clips, words) if learns else compare(*clips, *words) for words in texts]
        lines.append((torch.cat([first for first, _ in parts], 1), torch.cat([second for _, second in parts], 1)))
    return torch.cat([first for first, _ in lines]), torch.cat([second for _, second in lines])


def block_size(left: torch.Size, right: torch.Size, most: int) -> tuple[int, int]:
    """Rows and columns of a block; whole rows where they fit."""
    one_pair = left[1] * right[1]
    columns = min(max(most // one_pair, 1), right[0])
    return min(max(most // (one_pair * columns), 1), left[0]), columns


def _split(side: Side, size: int) -> Iterator[Side]:
    return zip(side[0].split(size), side[1].split(size), strict=True)


def _again(compare: Compare, clips: Side, words: Side) -> Compared:
    result: Compared = checkpoint(compare, *clips, *words, use_reentrant=False, preserve_rng_state=False)
    return result
