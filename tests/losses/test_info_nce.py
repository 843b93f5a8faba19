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


GOLDEN = {
    "released": ([[99.0830, 86.5987], [95.3152, 95.9236]], [[89.7302, 92.4437], [92.0766, 97.5058]], 0.71044, 0.54436),
    "masked": ([[99.0830, 86.5990], [95.3152, 95.9236]], [[89.7305, 51.9837], [92.1827, 95.9130]], 0.37700, 0.39398),
}


@pytest.mark.parametrize("way", GOLDEN)
def test_golden_losses_of_two_matrices_asked_both_ways(way: str) -> None:
    first, second, at_100, at_10 = GOLDEN[way]
    both = {"video_to_text": torch.tensor(first) / 100, "text_to_video": torch.tensor(second) / 100}
    eye = torch.eye(2, dtype=torch.bool)
    for scale, expected in ((100.0, at_100), (10.0, at_10)):
        loss = mmpt_sign.build("loss", name="info_nce", scale=scale, directions="all")(both, eye)
        assert float(loss["loss"]) == pytest.approx(expected, abs=2e-4)


@given(mix=st.floats(0, 1), seed=st.integers(0, 100))
def test_four_terms_weighed_by_mix(mix: float, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    first, second = torch.randn(2, 4, 4, generator=generator)
    target = torch.arange(4)
    terms = [functional.cross_entropy(matrix, target) for matrix in (first, first.T, second.T, second)]
    expected = (mix * terms[0] + (1 - mix) * terms[1] + mix * terms[2] + (1 - mix) * terms[3]) / 2
    part = mmpt_sign.build("loss", name="info_nce", scale=1.0, directions="all", mix=mix)
    found = part({"video_to_text": first, "text_to_video": second}, torch.eye(4, dtype=torch.bool))
    torch.testing.assert_close(found["loss"], expected)


def test_equal_texts_are_negatives_on_request_alone() -> None:
    scores = torch.randn(4, 4)
    same = torch.eye(4, dtype=torch.bool)
    same[0, 1] = same[1, 0] = True
    plain = mmpt_sign.build("loss", name="info_nce", scale=2.0)
    strict = mmpt_sign.build("loss", name="info_nce", scale=2.0, same_text_negatives=True)
    torch.testing.assert_close(
        strict(matrices(scores), same)["loss"], plain(matrices(scores), torch.eye(4, dtype=torch.bool))["loss"]
    )
    assert not torch.allclose(plain(matrices(scores), same)["loss"], strict(matrices(scores), same)["loss"])
    assert strict.needs_paired_rows
    assert not plain.needs_paired_rows


def test_hardness_tilts_towards_the_wrong_answers_that_score_high() -> None:
    torch.manual_seed(0)
    scores, right = torch.randn(6, 6), torch.eye(6, dtype=torch.bool)
    matrices = {"video_to_text": scores, "text_to_video": scores}
    losses = [
        float(mmpt_sign.build("loss", name="info_nce", scale=3.0, hardness=h)(matrices, right)["loss"])
        for h in (0.0, 1e-6, 0.5, 2.0)
    ]
    assert losses[1] == pytest.approx(losses[0], abs=1e-4)
    assert losses[0] < losses[2] < losses[3]
    by_hand = []
    for row in range(6):
        wrong = torch.cat([scores[row, :row], scores[row, row + 1 :]]) * 3
        weight = 5 * (0.5 * wrong).softmax(0)
        by_hand.append(torch.log1p((weight * (wrong - 3 * scores[row, row]).exp()).sum()))
    tilted = mmpt_sign.build("loss", name="info_nce", scale=3.0, hardness=0.5)(matrices, right)
    assert float(tilted["video_to_text"]) == pytest.approx(float(torch.stack(by_hand).mean()), abs=1e-5)


def test_hardness_changes_nothing_where_no_answer_is_wrong() -> None:
    scores = torch.randn(3, 3, requires_grad=True)
    loss = mmpt_sign.build("loss", name="info_nce", hardness=1.0)(
        {"video_to_text": scores, "text_to_video": scores}, torch.ones(3, 3, dtype=torch.bool)
    )["loss"]
    loss.backward()
    assert float(loss.detach()) == 0
    assert scores.grad is not None
    assert bool(torch.isfinite(scores.grad).all())
