"""What fusions of two towers share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from mmpt_sign.config.contracts import Fusion

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment


class TwoStreams(Fusion):
    """``fused`` out of two towers; a clip that lacks the stream of one of them is the other's."""

    of: tuple[str, str] = Field(("pose", "rgb"), description="the two towers")
    stream_dropout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of clips that lose one of their streams in training, so that either suffices",
    )

    def conflict(self, experiment: Experiment) -> str | None:
        """Both towers must be there."""
        absent = [name for name in self.of if name not in experiment.video]
        return f"is of {' and '.join(self.of)}; there is no tower {' or '.join(absent)}" if absent else None
