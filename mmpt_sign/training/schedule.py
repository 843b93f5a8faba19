"""The schedule of the first BERT code: a linear warm-up, then a cosine over all of the training, not over the rest.

What: with x the share of the updates that is done, x / w below the warm-up share w, else (1 + cos(pi x)) / 2.  The
first update has a rate of zero, and at w the rate falls at once to where the cosine is.
When to prefer another: ``schedule: cosine`` for anything new.
"""

from __future__ import annotations

import math
from typing import Any

from fairseq.optim.lr_scheduler import FairseqLRScheduler, register_lr_scheduler

from mmpt_sign.training.options import BertCosineOptions


@register_lr_scheduler("mmpt_sign_bert_cosine", dataclass=BertCosineOptions)
class BertCosine(FairseqLRScheduler):  # type: ignore[misc]
    """The rate of each update, the first of which is number 0."""

    def __init__(self, cfg: BertCosineOptions, optimizer: Any) -> None:
        super().__init__(cfg, optimizer)
        self.step_update(0)

    def step_update(self, num_updates: int) -> float:
        """Called after every update with the number of those that are done."""
        rate = self.cfg.lr[0] * factor(num_updates / self.cfg.planned_updates, self.cfg.warmup_share)
        self.optimizer.set_lr(rate)
        return float(rate)


def factor(done: float, warmup: float) -> float:
    """Share of the full rate when a share of the training is done."""
    if done < warmup:
        return done / warmup
    return (1 + math.cos(math.pi * min(done, 1.0))) / 2
