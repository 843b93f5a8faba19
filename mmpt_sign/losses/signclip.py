"""The loss of SignCLIP as published: cross-entropy on the raw dot products, the two directions added up.

Needs: one text per clip in the same order (``batch.merge_texts: false``).
When to prefer another: for any new model, `info_nce`; here clips with an equal prompt push each other away and no
temperature keeps the scores in range.
Reference: Jiang et al. 2024 (SignCLIP), following VideoCLIP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from mmpt_sign.config.contracts import Loss

if TYPE_CHECKING:
    from torch import Tensor


class SignClip(Loss):
    """CE(S) + CE(S transposed) with the diagonal as the target."""

    name: Literal["signclip"] = "signclip"
    scale: float = 1.0

    needs_paired_rows: ClassVar[bool] = True

    def __call__(
        self, matrices: Mapping[str, Tensor], same_answer: Tensor, *, scale: Tensor | float | None = None
    ) -> dict[str, Tensor]:
        """The sum of both directions, and each by itself."""
        import torch
        from torch.nn import functional

        factor = self.scale if scale is None else scale
        target = torch.arange(same_answer.shape[0], device=same_answer.device)
        rows = functional.cross_entropy(matrices["video_to_text"].float() * factor, target)
        columns = functional.cross_entropy((matrices["text_to_video"].float() * factor).T, target)
        return {"loss": rows + columns, "video_to_text": rows.detach(), "text_to_video": columns.detach()}
