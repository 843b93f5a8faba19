"""No fusion: every tower's TokenSet is passed on as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from mmpt_sign.config.contracts import Fusion

if TYPE_CHECKING:
    from torch import nn


class NoFusion(Fusion):
    """The simplest case; models with one tower use it."""

    name: Literal["none"] = "none"

    def build(self, widths: Mapping[str, int]) -> nn.Module:
        """The identity."""
        from torch import nn

        return nn.Identity()
