"""Adam and BertAdam for fairseq, with one learning rate per part of the model."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import torch
from fairseq.optim import FairseqOptimizer, register_optimizer
from torch import nn

from mmpt_sign.training.bert_adam import BertAdam
from mmpt_sign.training.options import AdamOptions, BertAdamOptions, SgdOptions


class Mark(NamedTuple):
    """What the optimiser must know of a parameter beside its values."""

    part: str = ""
    rate: float = 1.0
    is_bias: bool = False
    largest: float = math.inf


def mark(parameter: nn.Parameter, as_what: Mark) -> None:
    """In the one attribute that fairseq takes over to the float32 copies which it trains in half precision."""
    setattr(parameter, "param_group", as_what)  # noqa: B010  (no attribute that torch knows)


def mark_of(parameter: nn.Parameter) -> Mark:
    """What a parameter was marked as."""
    found: Mark = getattr(parameter, "param_group", Mark())
    return found


class Grouped(FairseqOptimizer):  # type: ignore[misc]
    """Parameters in groups by the factor on their rate and by their decay."""

    def __init__(self, cfg: AdamOptions, params: Iterable[nn.Parameter]) -> None:
        super().__init__(cfg)
        self._rate = float(cfg.lr[0])
        factors = {name: float(factor) for name, _, factor in (g.partition("=") for g in cfg.groups.split(",") if g)}
        groups: dict[tuple[float, float], list[nn.Parameter]] = {}
        for parameter in params:
            factor = factors.get(mark_of(parameter).part, 1.0) * mark_of(parameter).rate
            decay = cfg.weight_decay if _decays(parameter, cfg.decays) else 0.0
            groups.setdefault((factor, decay), []).append(parameter)
        given = [
            {"params": group, "factor": factor, "weight_decay": decay} for (factor, decay), group in groups.items()
        ]
        self._optimizer = self._made(given, lr=cfg.lr[0], betas=(cfg.beta1, cfg.beta2), eps=cfg.eps)

    def _made(self, groups: list[dict[str, Any]], **options: Any) -> torch.optim.Optimizer:
        return torch.optim.AdamW(groups, **options)

    def step(self, closure: Callable[..., Any] | None = None, scale: float = 1.0, groups: Any = None) -> None:
        """One update, each tensor's gradient clipped by itself before it where that is asked for."""
        if scale != 1.0:
            self.multiply_grads(1.0 / scale)
        if self.cfg.clip_tensor:
            for parameter in self.params:
                if parameter.grad is not None:
                    nn.utils.clip_grad_norm_(parameter, self.cfg.clip_tensor)
        self.optimizer.step(closure)
        self._keep_in_bounds()

    @torch.no_grad()
    def _keep_in_bounds(self) -> None:
        """Here and not where they are used, which in half precision is a copy of what is trained."""
        for parameter in self.params:
            if mark_of(parameter).largest < math.inf:
                parameter.clamp_(max=mark_of(parameter).largest)

    @property
    def optimizer_config(self) -> dict[str, Any]:
        """What a resumed run overrides: nothing, its groups are its own."""
        return {}

    def get_lr(self) -> float:
        """The rate before the factors of the groups, each of which may be 0."""
        return self._rate

    def set_lr(self, lr: float) -> None:
        """Called by the schedule before every update."""
        self._rate = float(lr)
        for group in self.param_groups:
            group["lr"] = lr * group["factor"]


def _decays(parameter: nn.Parameter, which: str) -> bool:
    return parameter.dim() > 1 if which == "matrices" else not mark_of(parameter).is_bias


@register_optimizer("mmpt_sign_adam", dataclass=AdamOptions)
class GroupedAdam(Grouped):
    """torch's AdamW (plain Adam at zero decay)."""


@register_optimizer("mmpt_sign_bert_adam", dataclass=BertAdamOptions)
class GroupedBertAdam(Grouped):
    """`BertAdam`."""

    def _made(self, groups: list[dict[str, Any]], **options: Any) -> torch.optim.Optimizer:
        return BertAdam(groups, **options)


@register_optimizer("mmpt_sign_sgd", dataclass=SgdOptions)
class GroupedSgd(Grouped):
    """torch's SGD with momentum."""

    def _made(self, groups: list[dict[str, Any]], **options: Any) -> torch.optim.Optimizer:
        return torch.optim.SGD(groups, lr=options["lr"], momentum=options["betas"][0])
