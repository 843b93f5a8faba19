"""Token similarity: golden values, what padding and batch mates may not do, and blocks that equal the whole."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

import mmpt_sign
from mmpt_sign.config.load import load_experiment, shipped_projects
from mmpt_sign.errors import ConfigError
from mmpt_sign.models.token_set import TokenSet, masked_mean
from mmpt_sign.similarity._blocks import block_size

RELEASED = ([[99.0830, 86.5987], [95.3152, 95.9236]], [[89.7302, 92.4437], [92.0766, 97.5058]])
MASKED = ([[99.0830, 86.5990], [95.3152, 95.9236]], [[89.7305, 51.9837], [92.1827, 95.9130]])


def part(**options: Any) -> Any:
    return mmpt_sign.build("similarity", name="token_softmax", **options)


def by_angle(rows: list[list[float]], mask: list[list[int]]) -> TokenSet:
    angles = torch.tensor(rows).deg2rad()
    tokens, valid = torch.stack([angles.cos(), angles.sin()], -1) * 3, torch.tensor(mask).bool()
    return TokenSet(tokens, valid, masked_mean(tokens, valid))


VIDEO = by_angle([[90, 0, 170], [90, 30, 60]], [[0, 1, 0], [0, 1, 1]])
TEXT = by_angle([[0, 10, 45], [30, 80, -90]], [[1, 1, 1], [1, 1, 0]])


def drawn(count: int, length: int, seed: int, width: int = 6) -> TokenSet:
    """Sets of different lengths, at least one position each."""
    generator = torch.Generator().manual_seed(seed)
    tokens = torch.randn(count, length, width, generator=generator)
    lengths = torch.randint(1, length + 1, (count,), generator=generator)
    mask = torch.arange(length)[None] < lengths[:, None]
    return TokenSet(tokens, mask, masked_mean(tokens, mask))


def by_hand(video: TokenSet, text: TokenSet, tau: float, inner_mask: bool) -> tuple[Tensor, Tensor]:
    """The formulas pair by pair and token by token."""
    first, second = (torch.zeros(len(video), len(text)) for _ in range(2))
    for a in range(len(video)):
        for b in range(len(text)):
            cosines = torch.cosine_similarity(video.tokens[a][:, None], text.tokens[b][None], dim=-1)
            clips, words = video.mask[a], text.mask[b]
            across = cosines[:, words] if inner_mask else cosines
            down = cosines[clips] if inner_mask else cosines
            first[a, b] = (across * (across / tau).softmax(1)).sum(1)[clips].mean()
            second[a, b] = (down * (down / tau).softmax(0)).sum(0)[words].mean()
    return first, second


TAUS = st.sampled_from([0.01, 0.034, 0.07, 1])


@pytest.mark.parametrize(("inner_mask", "expected"), [(False, RELEASED), (True, MASKED)], ids=["released", "masked"])
def test_golden_values(inner_mask: bool, expected: tuple[Any, Any]) -> None:
    found = part(inner_mask=inner_mask)(VIDEO, TEXT)
    for direction, values in zip(("video_to_text", "text_to_video"), expected, strict=True):
        torch.testing.assert_close(100 * found[direction], torch.tensor(values), atol=1e-4, rtol=0)


@given(seed=st.integers(0, 10_000), inner_mask=st.booleans(), block=st.integers(1, 400), tau=TAUS)
def test_any_block_gives_what_the_formulas_give(seed: int, inner_mask: bool, block: int, tau: float) -> None:
    video, text = drawn(4, 5, seed), drawn(3, 7, seed + 1)
    found = part(inner_mask=inner_mask, block=block, tau=tau)(video, text)
    first, second = by_hand(video, text, tau, inner_mask)
    torch.testing.assert_close(found["video_to_text"], first, atol=1e-5, rtol=0)
    torch.testing.assert_close(found["text_to_video"], second, atol=1e-5, rtol=0)


@given(seed=st.integers(0, 10_000))
def test_scores_are_bounded_by_cosines(seed: int) -> None:
    for matrix in part()(drawn(3, 4, seed), drawn(2, 6, seed + 1)).values():
        assert (matrix.abs() <= 1 + 1e-5).all()


def wider(given_set: TokenSet, more: int) -> TokenSet:
    """The same set behind which something lies that is not valid."""
    tokens = torch.cat([given_set.tokens, torch.randn(len(given_set), more, given_set.tokens.shape[2])], 1)
    mask = torch.cat([given_set.mask, torch.zeros(len(given_set), more, dtype=torch.bool)], 1)
    return TokenSet(tokens, mask, given_set.pooled)


def test_padding_changes_nothing_unless_the_inner_softmax_sees_it() -> None:
    video, text = drawn(4, 5, 0), drawn(3, 7, 1)
    masked, released = part()(video, text), part(inner_mask=False)(video, text)
    for direction in masked:
        torch.testing.assert_close(part()(wider(video, 10), wider(text, 10))[direction], masked[direction])
    seen = part(inner_mask=False)(wider(video, 10), wider(text, 10))
    assert not torch.allclose(seen["text_to_video"], released["text_to_video"], atol=1e-3)


def test_a_pair_is_scored_alike_alone_and_in_any_batch() -> None:
    video, text = drawn(6, 5, 2), drawn(5, 7, 3)
    whole = part(block=100)(video, text)
    one = part()(video.rows(torch.tensor([4])), text.rows(torch.tensor([2])))
    for direction in whole:
        torch.testing.assert_close(whole[direction][4:5, 2:3], one[direction], atol=1e-6, rtol=0)


def test_gradients_of_blocks_are_those_of_the_whole() -> None:
    gradients = []
    for block in (10**9, 60):
        video, text = drawn(6, 5, 4), drawn(7, 4, 5)
        tokens = [side.tokens.clone().requires_grad_() for side in (video, text)]
        sides = [TokenSet(t, s.mask, s.pooled) for t, s in zip(tokens, (video, text), strict=True)]
        found = part(block=block)(*sides)
        (found["video_to_text"].diagonal().sum() - found["text_to_video"].pow(2).sum()).backward()
        gradients.append([t.grad for t in tokens])
    for whole, blocked in zip(*gradients, strict=True):
        torch.testing.assert_close(whole, blocked, atol=1e-6, rtol=1e-5)


def test_a_large_batch_never_holds_all_token_similarities(monkeypatch: pytest.MonkeyPatch) -> None:
    """512 clips of 64 with 512 texts of 32: what is compared at once stays below the bound, as do what it keeps."""
    rows, columns = block_size(torch.Size([512, 64, 8]), torch.Size([512, 32, 8]), 4_000_000)
    assert rows * columns * 64 * 32 <= 4_000_000
    video, text = drawn(24, 16, 6), drawn(24, 8, 7)
    tokens = video.tokens.requires_grad_()
    kept: list[int] = []

    def pack(value: Tensor) -> Tensor:
        kept.append(value.numel())
        return value

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda value: value):
        part(block=2000)(TokenSet(tokens, video.mask, video.pooled), text)
    assert max(kept) <= 24 * 24 * 16  # a sum per token and text, not a similarity per token and word


def test_a_set_without_anything_valid_scores_zero_and_stays_finite() -> None:
    video, text = drawn(2, 5, 8), drawn(3, 4, 9)
    tokens = video.tokens.requires_grad_()
    empty = TokenSet(tokens, torch.zeros(2, 5, dtype=torch.bool), video.pooled)
    found = part()(empty, text)
    assert not any(matrix.abs().sum() for matrix in found.values())
    sum(matrix.sum() for matrix in part(inner_mask=False)(empty, text).values()).backward()
    assert tokens.grad is not None
    assert tokens.grad.isfinite().all()


def test_one_score_and_the_first_pass() -> None:
    found = part(mix=0.25)(VIDEO, TEXT)
    one = part(mix=0.25).combined(found)
    torch.testing.assert_close(one, 0.25 * found["video_to_text"] + 0.75 * found["text_to_video"])
    torch.testing.assert_close(part().vectors(VIDEO.pooled).norm(dim=-1), torch.ones(2))
    assert part().needs == "tokens"


def test_seen_padding_asks_for_towers_of_fixed_lengths() -> None:
    assert part(inner_mask=False).sees_padding
    assert not part().sees_padding
    faithful = "retri/cico/how2sign_faithful.yaml"
    assert load_experiment(shipped_projects() / faithful)
    with pytest.raises(ConfigError, match="sign must always be of one length"):
        load_experiment(shipped_projects() / faithful, ["video.sign.encoder.pad_to=null"])
    with pytest.raises(ConfigError, match=r"text must always be of one length: .* to max_tokens at least"):
        load_experiment(shipped_projects() / faithful, ["text.max_tokens=40"])
    with pytest.raises(ConfigError, match="sign and text must always"):
        load_experiment(shipped_projects() / "retri/cico/how2sign.yaml", ["similarity.video_text.inner_mask=false"])
