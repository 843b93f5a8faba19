"""Sums of exponentials: values and gradients equal what recording every step gives, whatever the blocks."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mmpt_sign.similarity._blocks import Side
from mmpt_sign.similarity._exponentials import everything, is_bounded, sums

TAU = 0.07


def drawn(count: int, length: int, seed: int) -> Side:
    """Unit tokens in double precision, some of them hidden."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randn(count, length, 5, generator=generator, dtype=torch.float64)
    mask = torch.rand(count, length, generator=generator) > 0.3
    return torch.nn.functional.normalize(tokens, dim=-1).requires_grad_(), mask


def recorded(left: Side, right: Side) -> list[Tensor]:
    """The same sums, one step after the other."""
    u = (torch.einsum("ald,bwd->albw", left[0], right[0]) - 1) / TAU
    shown = left[1][:, :, None, None] & right[1][None, None]
    found = []
    for values in (u.exp() * shown, u * u.exp() * shown):
        found += [values.sum(3), values.sum(1)]
    return found


def counted(found: list[Tensor], left: Side, right: Side) -> list[Tensor]:
    """What belongs to a hidden token means nothing."""
    rows, columns = left[1].unsqueeze(2), right[1].unsqueeze(0)
    return [value * (rows if k % 2 == 0 else columns) for k, value in enumerate(found)]


@given(
    st.integers(1, 4), st.integers(1, 5), st.integers(1, 4), st.integers(1, 5), st.integers(0, 99), st.integers(1, 60)
)
@settings(max_examples=40)
def test_values_and_gradients_in_blocks_of_any_size(
    clips: int, positions: int, texts: int, words: int, seed: int, block: int
) -> None:
    left, right = drawn(clips, positions, seed), drawn(texts, words, seed + 1)
    made = sums(left, right, TAU, block, products=True)
    ours = counted([made.weights[0], made.weights[1], made.products[0], made.products[1]], left, right)
    theirs = counted(recorded(left, right), left, right)
    gradients = []
    for found in (ours, theirs):
        total = sum((value * torch.linspace(-1, 2, value.numel()).view_as(value)).sum() for value in found)
        assert isinstance(total, Tensor)
        gradients.append(torch.autograd.grad(total, (left[0], right[0])))
    for one, other in zip((*ours, *gradients[0]), (*theirs, *gradients[1]), strict=True):
        torch.testing.assert_close(one, other)


def test_the_gradient_is_that_of_finite_differences() -> None:
    left, right = everything(drawn(2, 3, 0)), everything(drawn(3, 2, 1))

    def weights(a: Tensor, b: Tensor) -> tuple[Tensor, ...]:
        return sums((a, left[1]), (b, right[1]), 0.5, 8, products=False).weights

    assert torch.autograd.gradcheck(weights, (left[0], right[0]))


@pytest.mark.parametrize(("name", "length"), [("token_softmax", 4), ("diagonal_match", 3)])
@pytest.mark.parametrize("inner_mask", [True, False])
def test_both_sides_of_the_bound_agree(name: str, length: int, inner_mask: bool) -> None:
    """A temperature too small for one exponential goes another way; at the bound both ways are the same."""
    import mmpt_sign
    from mmpt_sign.models.token_set import TokenSet

    (a, mask_a), (b, mask_b) = drawn(3, 3, 4), drawn(4, length, 5)
    video, text = TokenSet(a.float(), mask_a, a.mean(1)), TokenSet(b.float(), mask_b, b.mean(1))
    assert is_bounded(0.033334)
    assert not is_bounded(0.033333)
    one, other = (
        mmpt_sign.build("similarity", name=name, tau=tau, inner_mask=inner_mask)(video, text)
        for tau in (0.033334, 0.033333)
    )
    for direction in one:
        torch.testing.assert_close(one[direction], other[direction], atol=1e-4, rtol=1e-3)
