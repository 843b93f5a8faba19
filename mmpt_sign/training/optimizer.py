"""Adam for fairseq with one learning rate per part of the model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from fairseq.optim import FairseqOptimizer, register_optimizer
from torch import nn

from mmpt_sign.training.options import AdamOptions


@register_optimizer("mmpt_sign_adam", dataclass=AdamOptions)
class GroupedAdam(FairseqOptimizer):  # type: ignore[misc]
    """torch's AdamW (plain Adam at zero decay); biases and norms are not decayed."""

    def __init__(self, cfg: AdamOptions, params: Iterable[nn.Parameter]) -> None:
        super().__init__(cfg)
        factors = {name: float(factor) for name, _, factor in (g.partition("=") for g in cfg.groups.split(",") if g)}
        groups: dict[tuple[float, float], list[nn.Parameter]] = {}
        for parameter in params:
            factor = factors.get(getattr(parameter, "param_group", ""), 1.0) * getattr(parameter, "rate", 1.0)
            decay = cfg.weight_decay if parameter.dim() > 1 else 0.0
            groups.setdefault((factor, decay), []).append(parameter)
        self._optimizer = torch.optim.AdamW(
            [{"params": group, "factor": factor, "weight_decay": decay} for (factor, decay), group in groups.items()],
            lr=cfg.lr[0],
            betas=(cfg.beta1, cfg.beta2),
            eps=cfg.eps,
        )

    @property
    def optimizer_config(self) -> dict[str, Any]:
        """What a resumed run overrides: nothing, its groups are its own."""
        return {}

    def get_lr(self) -> float:
        """The rate before the factors of the groups."""
        group = self.param_groups[0]
        return float(group["lr"] / group["factor"])

    def set_lr(self, lr: float) -> None:
        """Called by the schedule before every update."""
        for group in self.param_groups:
            group["lr"] = lr * group["factor"]
