"""Two streams become one, position by position, through one small network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from mmpt_sign.models.fusions._two_streams import TwoStreams

if TYPE_CHECKING:
    from torch import nn


class Mlp(TwoStreams):
    """The plain alternative to attention: no position sees another one."""

    name: Literal["mlp"] = "mlp"

    def build(self, widths: Mapping[str, int]) -> nn.Module:
        """The network."""
        from mmpt_sign.models.fusion import Fusion as FusedStreams
        from mmpt_sign.models.fusion import MlpMix, common_width

        return FusedStreams(MlpMix(common_width(widths, self.of)), self.of, self.stream_dropout)
