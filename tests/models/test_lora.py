"""Low-rank updates: nothing else of the BERT is trained, and the exported weights contain them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import mmpt_sign
from mmpt_sign.errors import ConfigError
from mmpt_sign.models.lora import merged_state
from tests.models.shapes import TINY


def encoder(**options: Any) -> Any:
    torch.manual_seed(0)
    return mmpt_sign.build("encoder", name="bert_video", weights=None, architecture=TINY, **options).eval()


def test_only_updates_are_trained_and_they_start_at_nothing() -> None:
    plain, tuned = encoder(), encoder(lora={"rank": 2})
    trained = [name for name, parameter in tuned.named_parameters() if parameter.requires_grad]
    assert trained
    assert all(".lora_" in name for name in trained)
    x, mask = torch.randn(2, 5, 16), torch.ones(2, 5, dtype=torch.bool)
    plain.load_state_dict(merged_state(tuned))
    torch.testing.assert_close(tuned(x, mask).pooled, plain(x, mask).pooled)


def test_merged_weights_embed_as_the_updated_model() -> None:
    plain, tuned = encoder(), encoder(lora={"rank": 2, "of": ["query", "value", "dense"]})
    with torch.no_grad():
        for name, parameter in tuned.named_parameters():
            if ".lora_" in name:
                parameter.normal_()
    x, mask = torch.randn(2, 5, 16), torch.ones(2, 5, dtype=torch.bool)
    before = plain(x, mask).pooled
    plain.load_state_dict(merged_state(tuned))
    torch.testing.assert_close(tuned(x, mask).pooled, plain(x, mask).pooled, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(before, plain(x, mask).pooled, atol=1e-3)


def test_maps_that_are_not_there_are_named() -> None:
    with pytest.raises(ConfigError, match="querry"):
        encoder(lora={"of": ["querry"]})
    with pytest.raises(ValueError, match="leave freeze out"):
        encoder(lora={}, freeze="all")
