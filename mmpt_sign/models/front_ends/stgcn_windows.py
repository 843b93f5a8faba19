"""Graph networks over hands and arms, one vector per window of frames (SignBERT, SEDS)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from mmpt_sign.config.contracts import FrontEnd

if TYPE_CHECKING:
    from torch import nn


class StgcnWindows(FrontEnd):
    """Reads a stream ``pose_windows``.  The windows of a clip follow from its number of frames alone.

    Released weights of SEDS need ``data_bn_eps: 0.1``, ``bn_over_pads``, ``tcn_over_pads`` and ``empty_windows``.
    """

    batch_statistics: ClassVar[bool] = True

    name: Literal["stgcn_windows"] = "stgcn_windows"
    window: int = Field(16, ge=1, description="frames of a window")
    stride: int = Field(1, ge=1, description="frames from one window to the next")
    max_clips: int = Field(64, ge=1, description="windows of a clip; more are thinned evenly")
    graph_channels: tuple[int, ...] = Field((128, 128, 256), min_length=1, description="of the blocks over joints")
    pooled: tuple[int, ...] = Field((512, 512), min_length=1, description="of the blocks over fingers and arms")
    temporal_blocks: int = Field(2, ge=0, description="over neighbouring frames, before windows are cut")
    signbert: Path | None = Field(None, description="file of SignBERT's weights to start from")
    start_parts: tuple[Literal["hand", "body", "window"], ...] = Field(
        ("hand",), description="networks that take SignBERT's weights; the published recipe starts the hands"
    )
    data_bn_eps: float = Field(1e-5, gt=0, description="of the normalisation of coordinates; released: 0.1")
    bn_over_pads: bool = Field(False, description="normalise over padding and per process, as released")
    tcn_over_pads: bool = Field(False, description="let convolutions in time see what padding gives, as released")
    empty_windows: bool = Field(False, description="give all max_clips rows, empty windows included, as released")
    released_body: bool = Field(False, description="the pooled graph of the arms as released: no link to the right arm")

    def build(self, widths: Mapping[str, int], d_out: int) -> nn.Module:
        """The networks, with SignBERT's weights where a file is named."""
        from mmpt_sign.models.windows import Windows

        network = Windows(self, sum(widths.values()), d_out)
        if self.signbert is not None:
            from mmpt_sign.models.signbert import start_from_signbert

            start_from_signbert(network, self.signbert, self.start_parts)
        return network
