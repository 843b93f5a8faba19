"""Compare the pooled vectors: cosine by default, the raw dot product of SignCLIP with ``normalise: false``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from mmpt_sign.config.contracts import Similarity

if TYPE_CHECKING:
    from torch import Tensor

    from mmpt_sign.models.token_set import TokenSet


class PooledDot(Similarity):
    """One number per pair, the same in both directions; cheap enough for any gallery.

    Always in float32: a loss multiplies scores by up to 100, and with them what half precision has rounded.
    """

    name: Literal["pooled_dot"] = "pooled_dot"
    normalise: bool = True

    needs: ClassVar[Literal["pooled", "tokens"]] = "pooled"

    def __call__(self, video: TokenSet, text: TokenSet) -> dict[str, Tensor]:
        """Every pair's score."""
        import torch

        left, right = self.vectors(video.pooled), self.vectors(text.pooled)
        with torch.autocast(left.device.type, enabled=False):
            scores = left @ right.T
        return {"video_to_text": scores, "text_to_video": scores}

    def combined(self, matrices: Mapping[str, Tensor]) -> Tensor:
        """Both directions are the same matrix."""
        return matrices["video_to_text"]

    def vectors(self, pooled: Tensor) -> Tensor:
        """What is stored in an index: vectors whose plain dot product is this similarity."""
        from mmpt_sign.similarity._blocks import unit

        return unit(pooled) if self.normalise else pooled.float()
