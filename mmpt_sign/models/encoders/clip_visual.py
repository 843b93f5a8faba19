"""The video tower of CiCo and SEDS: CLIP's image transformer over clips, all outputs kept as tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from mmpt_sign.config.contracts import Encoder
from mmpt_sign.models.clip_shape import ClipTower

if TYPE_CHECKING:
    from torch import nn

VIT_B_32 = {"hidden_size": 768, "layers": 12, "project": 512, "positions": 65}


class ClipVisual(ClipTower, Encoder):
    """``class_token`` says what the class token is besides the clips.

    ``pooled``: no token at all, the pooled vector of the clip; ``hidden``: the first token, masked, which only an
    unmasked similarity sees (CiCo); ``valid``: the first token, a valid one that the clips read as well (SEDS).
    A token similarity teaches the class token nothing, so there ``pool: clips`` makes the better pooled vector.
    """

    name: Literal["clip_visual"] = "clip_visual"
    class_token: Literal["pooled", "hidden", "valid"] = "pooled"
    pool: Literal["class_token", "clips"] | None = Field(
        None, description="the pooled vector; default: the class token if it is no token, else the mean of the tokens"
    )
    resize_positions: Literal["linear", "refuse"] = Field(
        "refuse", description="what to do with more clips than positions"
    )

    def resolved(self) -> ClipVisual:
        """With every size spelled out."""
        return self.filled(VIT_B_32)

    @property
    def width(self) -> int:
        """Numbers per clip that the front end delivers."""
        return self.size("hidden_size")

    @property
    def pooled_by(self) -> str:
        """What makes the pooled vector."""
        return self.pool or ("class_token" if self.class_token == "pooled" else "clips")

    def sizes_in(self, file: Path) -> dict[str, int]:
        """Sizes of CLIP's image transformer; its positions are places in a picture, so they are not counted."""
        from mmpt_sign.models.clip_weights import visual_sizes

        return visual_sizes(file)

    def build(self) -> nn.Module:
        """The network."""
        from mmpt_sign.models.clip_shape import located
        from mmpt_sign.models.clip_visual import ClipVisualTower

        part = self.resolved()
        tower = ClipVisualTower(part)
        if part.weights is not None:
            from mmpt_sign.models.clip_weights import fill_visual

            fill_visual(tower, located(part.weights))
        return tower
