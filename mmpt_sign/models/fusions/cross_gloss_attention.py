"""Two streams look at each other around every position, and become one (SEDS)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from mmpt_sign.models.fusions._two_streams import TwoStreams

if TYPE_CHECKING:
    from torch import nn

    from mmpt_sign.config.schema import Experiment


class CrossGlossAttention(TwoStreams):
    """``sampling: released`` is what published weights were trained with: see `models.gloss_attention.neighbours`."""

    name: Literal["cross_gloss_attention"] = "cross_gloss_attention"
    heads: int = Field(8, ge=1)
    keys: tuple[int, ...] = Field(
        (5, 3), min_length=1, description="sampled places of each layer, one layer per number"
    )
    ff: int = Field(2048, ge=1, description="width of the feed-forward networks")
    dropout: float = Field(0.1, ge=0, lt=1)
    sampling: Literal["aligned", "released"] = "aligned"
    edge: Literal["clamp", "wrap"] = Field("clamp", description="places beyond the valid clips")
    positions: int = Field(512, ge=1, description="longest sequence of clips")

    def conflict(self, experiment: Experiment) -> str | None:
        """Released sampling depends on the length of the sequences, padding included."""
        problem = super().conflict(experiment)
        if problem is not None or self.sampling == "aligned":
            return problem
        loose = [name for name in self.of if getattr(experiment.video[name].encoder, "pad_to", None) is None]
        if not loose:
            return None
        return (
            f"sampling: released counts padding in, so {' and '.join(loose)} must always be of one length: set pad_to "
            "(clip_visual), or leave sampling: aligned"
        )

    def build(self, widths: Mapping[str, int]) -> nn.Module:
        """The network."""
        from mmpt_sign.errors import ConfigError
        from mmpt_sign.models.fusion import Fusion as FusedStreams
        from mmpt_sign.models.fusion import common_width
        from mmpt_sign.models.gloss_attention import CrossGlossMix

        width = common_width(widths, self.of)
        if width % self.heads:
            raise ConfigError(f"fusion: tokens of {width} numbers cannot be divided among {self.heads} heads")
        return FusedStreams(CrossGlossMix(self, width), self.of, self.stream_dropout)
