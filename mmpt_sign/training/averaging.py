"""The moving average of what is trained: frozen weights, most of a model with a packaged text tower, are left out.

fairseq averages every tensor at every update, which for such a model costs more than the optimiser, and averaging a
constant rounds it, so that an exported text tower would no longer be the one it started from.

The average itself is kept in float32: in half precision what one update adds to it is mostly rounded away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn


class Trained:
    """A model as fairseq's average looks at it: its state without frozen parameters."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.frozen = {name for name, parameter in model.named_parameters() if not parameter.requires_grad}

    def state_dict(self) -> Mapping[str, Tensor]:
        """What there is to average."""
        return {name: value for name, value in self.model.state_dict().items() if name not in self.frozen}


def average_trained_alone(average: Any) -> None:
    """Have a fairseq EMA step over trained weights only; counters, such as those of a batch norm, are copied."""
    average.model.float()
    average.skip_keys = {name for name, value in average.model.state_dict().items() if not value.is_floating_point()}
    step = average.step

    def step_of_trained(model: nn.Module, updates: int | None = None) -> None:
        step(Trained(model), updates)

    average.step = step_of_trained
