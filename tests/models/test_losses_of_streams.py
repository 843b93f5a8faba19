"""The assembled model with changed prompts, several similarities, shared scales, and clips that lack a stream."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.errors import ConfigError
from mmpt_sign.inference.model import SignModel
from mmpt_sign.models.dual_encoder import DualEncoder
from mmpt_sign.models.token_set import TokenSet
from tests.inference.made import two_stream_model


@cache
def two() -> SignModel:
    return two_stream_model()


def frames(lengths: list[int], seed: int = 0) -> tuple[Tensor, Tensor]:
    mask = torch.arange(max(*lengths, 1))[None] < torch.tensor(lengths)[:, None]
    x = torch.randn(len(lengths), mask.shape[1], 63, generator=torch.Generator().manual_seed(seed))
    return x * mask[..., None], mask


def words(seed: int) -> tuple[Tensor, Tensor]:
    ids = torch.randint(1000, 2000, (4, 5), generator=torch.Generator().manual_seed(seed))
    return ids, torch.ones(4, 5, dtype=torch.bool)


def right() -> Tensor:
    return torch.eye(4, dtype=torch.bool)


def test_changed_prompts_count_in_one_direction_alone() -> None:
    network = two().network
    clips = {"pose": frames([4, 6, 3, 5]), "other": frames([4, 6, 3, 5], 1)}
    plain, changed = network(clips, *words(0)), network(clips, *words(0), *words(1))
    before, after, other = (
        network.matrices(sets) for sets in (plain, changed, {**plain, "text": changed["text_augmented"]})
    )
    for name in ("video_text", "other_text"):
        assert torch.equal(after[name]["video_to_text"], before[name]["video_to_text"])
        assert torch.equal(after[name]["text_to_video"], other[name]["text_to_video"])
        assert not torch.allclose(after[name]["text_to_video"], before[name]["text_to_video"])
    assert torch.equal(after["pose_other"]["text_to_video"], before["pose_other"]["text_to_video"])


def test_clips_without_a_stream_take_no_part_in_its_losses() -> None:
    network = two().network
    whole = {"pose": frames([4, 6, 3, 5]), "other": frames([4, 0, 3, 0], 1)}
    sets = network(whole, *words(0))
    assert sets["other"].present.tolist() == [True, False, True, False]
    assert all(torch.isfinite(s.tokens).all() and torch.isfinite(s.pooled).all() for s in sets.values())
    losses = network.losses(sets, right())
    kept = torch.tensor([0, 2])
    only = {name: token_set.rows(kept) if name != "text" else token_set for name, token_set in sets.items()}
    alone = network.losses(only, right()[kept])
    torch.testing.assert_close(losses["other_text/loss"], alone["other_text/loss"])
    queries = network.matrices(sets)["pose_other"]["text_to_video"][:, kept]  # two clips among the poses of all four
    found = network.similarity["pose_other"](sets["pose"], sets["other"].rows(kept))["text_to_video"]
    torch.testing.assert_close(queries, found)
    assert torch.isfinite(losses["pose_other/loss"])
    assert not torch.allclose(losses["video_text/loss"], alone["video_text/loss"])


def test_nothing_to_learn_from_is_a_loss_of_zero_with_a_gradient() -> None:
    network = two().network
    sets = network({"pose": frames([4, 6, 3, 5]), "other": frames([0, 0, 0, 0], 1)}, *words(0))
    losses = network.losses(sets, right())
    assert losses["other_text/loss"] == losses["pose_other/loss"] == 0
    losses["loss"].backward()
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    assert all(torch.isfinite(gradient).all() for gradient in gradients)
    network.zero_grad()


def values(**changes: Any) -> dict[str, Any]:
    return {**two().experiment.model_dump(mode="json"), **changes}


def test_losses_may_share_one_learned_scale() -> None:
    loss: dict[str, dict[str, Any]] = {
        "video_text": {"name": "info_nce", "initial_scale": 7.0},
        "other_text": {"name": "info_nce"},
    }
    loss["other_text"]["scale"] = "video_text"
    model = DualEncoder(experiment_from_values(values(loss=loss), "test"))
    assert list(model.log_scales) == ["video_text"]
    with torch.no_grad():
        assert float(model.scale("other_text")) == pytest.approx(7.0)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"loss": {"video_text": {"name": "info_nce", "scale": "other_text"}}}, "scale 'other_text' is neither"),
        ({"batch": {"unit": "group", "order": "frozen"}}, "batch.order must be shuffled"),
        ({"optim": {"name": "bert_adm"}}, "bert_adam"),
        ({"evaluate": {"gallery": "groups"}}, "group"),
    ],
)
def test_what_cannot_work_is_told_before_anything_starts(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        experiment_from_values(values(**changes), "test")


def test_streams_cannot_all_be_optional() -> None:
    given = values()
    for stream in given["streams"].values():
        stream["optional"] = True
    with pytest.raises(ConfigError, match="all optional"):
        experiment_from_values(given, "test")


def test_rows_of_a_set() -> None:
    given = TokenSet(torch.arange(6.0).view(3, 2, 1), torch.ones(3, 2, dtype=torch.bool), torch.arange(3.0)[:, None])
    present = TokenSet(given.tokens, given.mask, given.pooled, None, torch.tensor([True, False, True]))
    assert present.rows(torch.tensor([2, 1])).present.tolist() == [True, False]  # type: ignore[union-attr]
