"""InfoNCE: closed forms, equality with plain cross-entropy, and what same-answer clips may not do."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

import mmpt_sign


def matrices(scores: torch.Tensor) -> dict[str, torch.Tensor]:
    return {"video_to_text": scores, "text_to_video": scores}


@given(n=st.integers(1, 9), seed=st.integers(0, 1000))
def test_with_distinct_answers_it_is_the_mean_of_two_cross_entropies(n: int, seed: int) -> None:
    scores = torch.randn(n, n, generator=torch.Generator().manual_seed(seed))
    loss = mmpt_sign.build("loss", name="info_nce", scale=3.0)(matrices(scores), torch.eye(n, dtype=torch.bool))
    target = torch.arange(n)
    expected = (functional.cross_entropy(3 * scores, target) + functional.cross_entropy(3 * scores.T, target)) / 2
    torch.testing.assert_close(loss["loss"], expected)


@pytest.mark.parametrize("n", [2, 7, 32])
def test_equal_scores_give_the_log_of_the_candidate_count(n: int) -> None:
    loss = mmpt_sign.build("loss", name="info_nce")(matrices(torch.zeros(n, n)), torch.eye(n, dtype=torch.bool))
    assert float(loss["loss"]) == pytest.approx(math.log(n), rel=1e-6)


def test_clips_of_one_answer_do_not_push_each_other_away() -> None:
    scores = torch.tensor([[1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]], requires_grad=True)
    same = torch.tensor([[True, False], [True, False], [False, True]])
    loss = mmpt_sign.build("loss", name="info_nce", scale=1.0)(matrices(scores), same)["loss"]
    loss.backward()
    assert scores.grad is not None
    assert (scores.grad[same] < 0).all()
    assert (scores.grad[~same] > 0).all()


def test_a_batch_of_one_answer_has_no_loss_and_no_gradient() -> None:
    scores = torch.randn(4, 1, requires_grad=True)
    loss = mmpt_sign.build("loss", name="info_nce")(matrices(scores), torch.ones(4, 1, dtype=torch.bool))["loss"]
    loss.backward()
    assert float(loss.detach()) == 0.0
    assert scores.grad is not None
    assert torch.equal(scores.grad, torch.zeros(4, 1))


@given(seed=st.integers(0, 100))
def test_merged_and_repeated_texts_agree_on_the_rows(seed: int) -> None:
    """Merging duplicates of a prompt must not change what a clip is taught."""
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(5, 3, generator=generator)
    same = torch.nn.functional.one_hot(torch.tensor([0, 1, 2, 0, 1]), 3).bool()
    part = mmpt_sign.build("loss", name="info_nce", scale=2.0)
    merged = part(matrices(scores), same)["video_to_text"]
    columns = [0, 1, 2]
    again = part(matrices(scores[:, columns]), same[:, columns])["video_to_text"]
    torch.testing.assert_close(merged, again)


def test_smoothing_and_sum() -> None:
    scores, eye = torch.randn(6, 6), torch.eye(6, dtype=torch.bool)
    mean = mmpt_sign.build("loss", name="info_nce", scale=1.0)(matrices(scores), eye)["loss"]
    summed = mmpt_sign.build("loss", name="info_nce", scale=1.0, reduce="sum")(matrices(scores), eye)["loss"]
    torch.testing.assert_close(summed, 2 * mean)
    confident = 50 * torch.eye(6)
    plain = mmpt_sign.build("loss", name="info_nce", scale=1.0)(matrices(confident), eye)["loss"]
    smooth = mmpt_sign.build("loss", name="info_nce", scale=1.0, smoothing=0.1)(matrices(confident), eye)["loss"]
    assert float(smooth) > float(plain) + 1.0


def test_a_given_scale_wins_over_the_options() -> None:
    scores, eye = torch.randn(4, 4), torch.eye(4, dtype=torch.bool)
    part = mmpt_sign.build("loss", name="info_nce", scale="learned")
    torch.testing.assert_close(
        part(matrices(scores), eye, scale=2.0)["loss"],
        mmpt_sign.build("loss", name="info_nce", scale=2.0)(matrices(scores), eye)["loss"],
    )
