"""Position by position: golden values, plain formulas, blocks, clips that lack a stream, streams of different grids."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import mmpt_sign
from mmpt_sign.errors import DataError
from mmpt_sign.models.token_set import TokenSet, masked_mean, padded

RELEASED = ([[2.7988, 0.9407], [1.4228, 1.2984]], [[2.8026, 1.1899], [1.7947, 1.9154]])
DEFAULT = ([[0.9329, 0.8492], [0.7114, 0.9551]], [[0.9342, 0.5950], [0.8973, 0.9577]])


def part(**options: Any) -> Any:
    return mmpt_sign.build("similarity", name="diagonal_match", **options)


def token_set(tokens: Tensor, mask: Tensor) -> TokenSet:
    return TokenSet(tokens, mask, masked_mean(tokens, mask))


def by_angle(rows: list[list[float]]) -> TokenSet:
    angles = torch.tensor(rows).deg2rad()
    mask = torch.tensor([[1, 1, 1], [1, 1, 0]]).bool()
    return token_set(torch.stack([angles.cos(), angles.sin()], -1) * 2, mask)


POSE, RGB = by_angle([[0, 40, 90], [20, 60, 150]]), by_angle([[5, 50, 80], [0, 70, 10]])


def drawn(count: int, length: int, seed: int) -> TokenSet:
    generator = torch.Generator().manual_seed(seed)
    lengths = 1 + torch.arange(count) % length
    return token_set(torch.randn(count, length, 6, generator=generator), torch.arange(length)[None] < lengths[:, None])


def by_hand(a: TokenSet, b: TokenSet, tau: float) -> tuple[Tensor, Tensor]:
    """The formulas, pair by pair, of valid positions alone."""
    first, second = (torch.zeros(len(a), len(b)) for _ in range(2))
    for i in range(len(a)):
        for j in range(len(b)):
            cosines = torch.cosine_similarity(a.tokens[i][:, None], b.tokens[j][None], dim=-1)
            cosines = cosines[a.mask[i]][:, b.mask[j]]
            common = min(cosines.shape)
            same = cosines.diagonal()
            first[i, j] = (same * (cosines / tau).softmax(1).diagonal())[:common].mean()
            second[i, j] = (same * (cosines / tau).softmax(0).diagonal())[:common].mean()
    return first, second


@pytest.mark.parametrize(
    ("options", "expected"),
    [({"reduce": "sum", "inner_mask": False}, RELEASED), ({}, DEFAULT)],
    ids=["released", "default"],
)
def test_golden_values(options: dict[str, Any], expected: tuple[Any, Any]) -> None:
    found = part(**options)(POSE, RGB)
    for key, value in zip(("video_to_text", "text_to_video"), expected, strict=True):
        torch.testing.assert_close(found[key], torch.tensor(value), atol=1e-4, rtol=0)


def test_the_default_is_the_plain_formula() -> None:
    a, b = drawn(5, 4, 0), drawn(3, 4, 1)
    found = part(tau=0.3)(a, b)
    for key, value in zip(("video_to_text", "text_to_video"), by_hand(a, b, 0.3), strict=True):
        torch.testing.assert_close(found[key], value, atol=1e-5, rtol=0)


@pytest.mark.parametrize("options", [{}, {"reduce": "sum", "inner_mask": False}], ids=str)
def test_blocks_equal_the_whole_and_so_do_their_gradients(options: dict[str, Any]) -> None:
    gradients = []
    for block in (1, 40, 4_000_000):
        a = drawn(5, 4, 0)
        a.tokens.requires_grad_()
        found = part(**options, block=block)(a, drawn(5, 4, 1))
        (found["video_to_text"].sum() + found["text_to_video"].square().sum()).backward()
        gradients.append((found["video_to_text"].detach(), found["text_to_video"].detach(), a.tokens.grad))
    for other in gradients[1:]:
        for x, y in zip(gradients[0], other, strict=True):
            torch.testing.assert_close(x, y, atol=1e-5, rtol=1e-5)


def test_padding_and_batch_mates_change_nothing() -> None:
    a, b = drawn(4, 4, 0), drawn(4, 4, 1)
    whole = part()(a, b)
    longer = part()(padded(a, 9), padded(b, 7))
    alone = part()(a.rows(torch.tensor([2])), b.rows(torch.tensor([2])))
    for key in whole:
        torch.testing.assert_close(longer[key], whole[key], atol=1e-6, rtol=0)
        torch.testing.assert_close(alone[key], whole[key][2:3, 2:3], atol=1e-6, rtol=0)


@pytest.mark.parametrize("options", [{}, {"reduce": "sum", "inner_mask": False}], ids=str)
def test_a_clip_without_the_stream_gives_finite_scores_and_gradients(options: dict[str, Any]) -> None:
    a, b = drawn(3, 4, 0), drawn(3, 4, 0)
    mask = a.mask.clone()
    mask[1] = False
    tokens = a.tokens.clone().requires_grad_()
    found = part(**options)(token_set(tokens, mask), b)
    sum(matrix.sum() for matrix in found.values()).backward()
    assert all(torch.isfinite(matrix).all() for matrix in found.values())
    assert tokens.grad is not None
    assert torch.isfinite(tokens.grad).all()
    if not options:
        assert not found["video_to_text"][1].any()


def test_streams_of_different_grids_are_refused_and_one_odd_clip_is_not() -> None:
    tokens = torch.randn(3, 40, 6)
    mask = torch.arange(40)[None] < torch.tensor([[40], [40], [40]])
    other = torch.arange(40)[None] < torch.tensor([[10], [10], [40]])
    with pytest.raises(DataError, match="one has 40 positions where the other has 10"):
        part()(token_set(tokens, mask), token_set(tokens, other))
    odd = torch.arange(40)[None] < torch.tensor([[10], [40], [40]])
    assert torch.isfinite(part()(token_set(tokens, mask), token_set(tokens, odd))["video_to_text"]).all()
