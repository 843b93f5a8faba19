"""The pooled similarity and the vectors an index stores for it."""

from __future__ import annotations

import pytest
import torch

import mmpt_sign
from mmpt_sign.models.token_set import TokenSet


def token_set(pooled: torch.Tensor) -> TokenSet:
    return TokenSet(pooled[:, None], torch.ones(len(pooled), 1, dtype=torch.bool), pooled)


def test_cosine_by_default_and_raw_dot_on_request() -> None:
    video, text = torch.randn(3, 8), torch.randn(4, 8)
    cosine = mmpt_sign.build("similarity", name="pooled_dot")(token_set(video), token_set(text))["video_to_text"]
    torch.testing.assert_close(cosine, torch.nn.functional.cosine_similarity(video[:, None], text[None], dim=-1))
    raw = mmpt_sign.build("similarity", name="pooled_dot", normalise=False)(token_set(video), token_set(text))
    torch.testing.assert_close(raw["text_to_video"], video @ text.T)


def test_stored_vectors_give_the_similarity_as_a_plain_dot_product() -> None:
    part = mmpt_sign.build("similarity", name="pooled_dot")
    video, text = torch.randn(3, 8), torch.randn(4, 8)
    scores = part(token_set(video), token_set(text))["video_to_text"]
    torch.testing.assert_close(part.vectors(video) @ part.vectors(text).T, scores)


@pytest.mark.parametrize("normalise", [True, False])
def test_half_precision_rounds_no_score(normalise: bool) -> None:
    part = mmpt_sign.build("similarity", name="pooled_dot", normalise=normalise)
    video, text = torch.randn(3, 64), torch.randn(4, 64)
    exact = part(token_set(video), token_set(text))["video_to_text"]
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(part(token_set(video), token_set(text))["video_to_text"], exact)
    halves = video.bfloat16(), text.bfloat16()
    found = part(*map(token_set, halves))["video_to_text"]
    assert torch.equal(found, part(*(token_set(x.float()) for x in halves))["video_to_text"])
