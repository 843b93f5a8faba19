"""The published loss, quirks included."""

from __future__ import annotations

import torch
from torch.nn import functional

import mmpt_sign


def test_it_is_the_sum_of_both_cross_entropies_on_raw_scores() -> None:
    scores = torch.randn(5, 5) * 10
    same = torch.ones(5, 5, dtype=torch.bool)
    loss = mmpt_sign.build("loss", name="signclip")({"video_to_text": scores, "text_to_video": scores}, same)["loss"]
    target = torch.arange(5)
    torch.testing.assert_close(
        loss, functional.cross_entropy(scores, target) + functional.cross_entropy(scores.T, target)
    )


def test_equal_prompts_are_negatives_of_each_other() -> None:
    scores = torch.zeros(2, 2, requires_grad=True)
    same = torch.ones(2, 2, dtype=torch.bool)
    mmpt_sign.build("loss", name="signclip")({"video_to_text": scores, "text_to_video": scores}, same)[
        "loss"
    ].backward()
    assert scores.grad is not None
    assert float(scores.grad[0, 1]) > 0


def test_the_loss_of_half_precision_scores_is_in_float32() -> None:
    scores, same = torch.randn(5, 5).bfloat16(), torch.eye(5, dtype=torch.bool)
    part = mmpt_sign.build("loss", name="signclip", scale=30.0)
    half, single = (
        part(dict.fromkeys(("video_to_text", "text_to_video"), matrix), same)["loss"]
        for matrix in (scores, scores.float())
    )
    assert torch.equal(half, single)
