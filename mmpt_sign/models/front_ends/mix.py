"""Features of several networks over the same windows as one: weighed and added, or interleaved in time (CiCo)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, Self

from pydantic import Field, model_validator

from mmpt_sign.config.contracts import FrontEnd
from mmpt_sign.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn


class MixFrontEnd(FrontEnd):
    """Row i of every stream is of the same frames.  One bias-free map follows, a 1 x 1 convolution in CiCo's words.

    A clip that lacks one of the streams is told by the others alone.  Of a clip of more than ``max_clips`` rows so many
    are taken evenly; a stream with ``thin_to`` does the same earlier, and then fewer rows are read and padded.
    """

    name: Literal["mix"] = "mix"
    combine: Literal["sum", "cat"] = Field("sum", description="cat: a row of each stream in turn, all of one map")
    weights: dict[str, float] | None = Field(None, description="share of each stream in the sum; default: equal shares")
    max_clips: int | None = Field(None, ge=1, description="a longer clip is thinned evenly to so many rows")
    bias: bool = False

    @model_validator(mode="after")
    def _shares(self) -> Self:
        if self.weights is None:
            return self
        if self.combine == "cat":
            raise ValueError("weights are shares of a sum; with combine: cat every stream is read as it is")
        if any(not 0 <= share <= 1 for share in self.weights.values()):
            raise ValueError(f"weights must lie between 0 and 1: {self.weights}")
        if abs(sum(self.weights.values()) - 1) > 1e-6:
            raise ValueError(f"weights must add up to 1: {self.weights}")
        return self

    def shares(self, streams: list[str]) -> list[float]:
        """The weights in the order of the streams."""
        if self.weights is None:
            return [1 / len(streams)] * len(streams)
        if set(self.weights) != set(streams):
            raise ConfigError(
                f"front_end mix: weights name {', '.join(self.weights)}, but the tower reads {', '.join(streams)}"
            )
        return [self.weights[name] for name in streams]

    def build(self, widths: Mapping[str, int], d_out: int) -> nn.Module:
        """The network."""
        from mmpt_sign.models.mixing import Mix

        if len(set(widths.values())) > 1:
            raise ConfigError(f"front_end mix: streams of one width are mixed, these have {dict(widths)}")
        return Mix(self, list(widths), next(iter(widths.values())), d_out)
