"""The moving average of the weights, by itself."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn

import mmpt_sign.training  # noqa: F401  (makes fairseq importable)
from mmpt_sign.training.averaging import average_trained_alone


def average_of(model: nn.Module, decay: float = 0.999) -> Any:
    from fairseq.models.ema.ema import EMA

    config = SimpleNamespace(
        ema_decay=decay, ema_seed_model=None, ema_fp32=False, ema_start_update=0, ema_update_freq=1
    )
    average = EMA(model, config)
    average_trained_alone(average)
    return average


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_it_follows_weights_of_half_precision(dtype: torch.dtype) -> None:
    model = nn.Linear(1, 1).to(dtype)
    nn.init.ones_(model.weight)
    average = average_of(model)
    nn.init.constant_(model.weight, 2.0)
    for update in range(1, 1001):
        average.step(model, update)
        if update == 500:  # stopped here, and taken up again from a checkpoint
            state = copy.deepcopy(average.get_model().state_dict())
            average = average_of(model)
            average.restore(state)
    assert average.get_model().weight.item() == pytest.approx(2 - 0.999**1000, abs=1e-4)


def test_counters_are_copied() -> None:
    model = nn.BatchNorm1d(2)
    average = average_of(model)
    model(torch.randn(4, 2))
    average.step(model, 1)
    assert average.get_model().num_batches_tracked == 1
