"""Linear map, layer norm, then a residual depthwise convolution in time: motion before attention."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from mmpt_sign.config.contracts import FrontEnd

if TYPE_CHECKING:
    from torch import nn


class TemporalFrontEnd(FrontEnd):
    """Each frame learns from its neighbours at a fraction of the cost of a full convolution."""

    name: Literal["temporal"] = "temporal"
    kernel: int = Field(5, ge=1, le=1025, description="frames seen by the convolution; odd")
    layers: int = Field(1, ge=0, le=200, description="convolutions, one behind the other")
    dropout: float = Field(0.0, ge=0, lt=1)

    def build(self, widths: Mapping[str, int], d_out: int) -> nn.Module:
        """The network."""
        from mmpt_sign.models.frames import TemporalMap

        return TemporalMap(self, sum(widths.values()), d_out)
