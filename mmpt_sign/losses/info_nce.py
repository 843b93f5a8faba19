"""Symmetric in-batch softmax in which clips of the same answer are never each other's negatives.

Needs: texts merged per batch (or not: equal answers are recognised either way).
When to prefer another: `signclip` to reproduce the published recipe.
Reference: van den Oord et al. 2018 (InfoNCE); Khosla et al. 2020 for several positives.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from mmpt_sign.config.contracts import Loss

if TYPE_CHECKING:
    from torch import Tensor

NEVER = -1e30  # finite, so that a row without wrong answers has a gradient of zero instead of NaN


class InfoNCE(Loss):
    """Mean over the right pairs of -log softmax, other right pairs of the row left out of the denominator."""

    name: Literal["info_nce"] = "info_nce"
    scale: float | Literal["learned"] = "learned"
    reduce: Literal["mean", "sum"] = Field("mean", description="of the two directions")
    smoothing: float = Field(0.0, ge=0, lt=1, description="share of the target spread evenly over the wrong answers")

    def __call__(
        self, matrices: Mapping[str, Tensor], same_answer: Tensor, *, scale: Tensor | float | None = None
    ) -> dict[str, Tensor]:
        """The mean (or sum) of both directions, and each by itself."""
        factor = scale if scale is not None else self.initial_scale if self.scale == "learned" else self.scale
        rows = self._direction(matrices["video_to_text"].float() * factor, same_answer)
        columns = self._direction(matrices["text_to_video"].float().T * factor, same_answer.T)
        loss = rows + columns if self.reduce == "sum" else (rows + columns) / 2
        return {"loss": loss, "video_to_text": rows.detach(), "text_to_video": columns.detach()}

    def _direction(self, logits: Tensor, right: Tensor) -> Tensor:
        """Rows are queries.  For a right pair with score s and log-sum w of the wrong ones: log(1 + exp(w - s))."""
        from torch.nn import functional

        wrong = logits.masked_fill(right, NEVER).logsumexp(1, keepdim=True)
        per_pair = functional.softplus(wrong - logits)
        if self.smoothing:
            count = (~right).sum(1, keepdim=True)
            mean_wrong = logits.masked_fill(right, 0.0).sum(1, keepdim=True) / count.clamp_min(1)
            per_pair = per_pair + self.smoothing * (logits - mean_wrong) * (count > 0)
        return per_pair[right].mean()
