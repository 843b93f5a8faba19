"""One linear map per frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from mmpt_sign.config.contracts import FrontEnd

if TYPE_CHECKING:
    from torch import nn


class LinearFrontEnd(FrontEnd):
    """The least that fits features of any width to an encoder."""

    name: Literal["linear"] = "linear"
    dropout: float = Field(0.0, ge=0, lt=1)

    def build(self, widths: Mapping[str, int], d_out: int) -> nn.Module:
        """Linear, then dropout."""
        from torch import nn

        from mmpt_sign.models.frames import FrameMap

        return FrameMap(nn.Sequential(nn.Linear(sum(widths.values()), d_out), nn.Dropout(self.dropout)))
