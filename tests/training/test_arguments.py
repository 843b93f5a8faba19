"""What the keys of ``optim`` come to in fairseq's own configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.errors import ConfigError
from mmpt_sign.training.arguments import fairseq_config
from mmpt_sign.training.run import STORED
from tests.corpus import tiny_experiment


def rates(folder: Path, updates: tuple[int, ...], total: int, **optim: object) -> list[float]:
    """The rate of each of ``updates``, as the optimiser reports it."""
    from fairseq.optim import build_optimizer
    from fairseq.optim.lr_scheduler import build_lr_scheduler

    experiment = experiment_from_values(tiny_experiment(folder, folder, lr=1.0, **optim), "test")
    cfg: Any = fairseq_config(experiment, folder / STORED, folder, total, 1)
    optimizer = build_optimizer(cfg.optimizer, [nn.Parameter(torch.zeros(1))])
    schedule = build_lr_scheduler(cfg.lr_scheduler, optimizer)
    found = []
    for update in updates:
        schedule.step_update(update)
        found.append(optimizer.get_lr())
    return found


@pytest.mark.parametrize("schedule", ["cosine", "polynomial", "bert_cosine"])
def test_a_decay_that_is_over_stays_over(tmp_path: Path, schedule: str) -> None:
    given = {"schedule": schedule, "warmup": 10, "decay_updates": 100}
    middle, *over = rates(tmp_path, (50, 100, 101, 199, 200), 200, **given)
    assert middle > 0.3
    assert over == pytest.approx([0.0] * 4)


@pytest.mark.parametrize("warmup", [100, 0.1])
@pytest.mark.parametrize("schedule", ["cosine", "polynomial", "bert_cosine"])
def test_a_longer_decay_leaves_the_warm_up_as_it_is(tmp_path: Path, schedule: str, warmup: float) -> None:
    found = rates(tmp_path, (50, 100), 1000, schedule=schedule, warmup=warmup, decay_updates=4000)
    assert found == pytest.approx([0.5, 1.0], abs=2e-3)


def test_a_decay_of_weights_that_the_optimiser_has_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"optim.weight_decay is for the other optimisers: set optim.name to adamw"):
        experiment_from_values(tiny_experiment(tmp_path, tmp_path, name="adam", weight_decay=0.05), "test")
