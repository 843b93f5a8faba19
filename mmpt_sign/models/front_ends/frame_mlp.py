"""The frame MLP of SignCLIP: linear, GELU, layer norm, linear; optionally behind temporal convolutions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from mmpt_sign.config.contracts import FrontEnd

if TYPE_CHECKING:
    from torch import nn


class FrameMlpFrontEnd(FrontEnd):
    """Each frame by itself, unless ``convolutions`` mixes neighbours first."""

    name: Literal["frame_mlp"] = "frame_mlp"
    dropout: float = Field(0.0, ge=0, lt=1, description="after each of the two halves")
    convolutions: int = Field(0, ge=0, description="stacked temporal convolutions before the MLP")
    kernel: int = Field(17, ge=1, description="frames seen by a convolution; odd")
    padded_to: int | None = Field(
        None, ge=1, description="let convolutions run over padding up to this length, as the original does"
    )

    def build(self, widths: Mapping[str, int], d_out: int) -> nn.Module:
        """The network, linear layers drawn from N(0, 0.02) as BERT does."""
        from mmpt_sign.models.frames import FrameMlp

        return FrameMlp(self, sum(widths.values()), d_out)
