"""Symmetric in-batch softmax in which clips of the same answer are never each other's negatives.

Needs: texts merged per batch (or not: equal answers are recognised either way).
When to prefer another: `signclip` to reproduce the published recipe.
Reference: van den Oord et al. 2018 (InfoNCE); Khosla et al. 2020 for several positives; Robinson et al. 2021
for hard negatives.
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
    scale: float | str = "learned"
    reduce: Literal["mean", "sum"] = Field("mean", description="of the two directions")
    smoothing: float = Field(0.0, ge=0, lt=1, description="share of the target spread evenly over the wrong answers")
    hardness: float = Field(
        0.0, ge=0, description="how much more a hard wrong answer counts than an easy one; 0 = all alike"
    )
    directions: Literal["own", "all"] = Field(
        "own", description="each matrix asked in its own direction only, or both matrices in both (CiCo)"
    )
    mix: float = Field(0.5, ge=0, le=1, description="with all: share of a matrix's own direction")
    same_text_negatives: bool = Field(
        False, description="only a clip's own text is right, equal ones count as wrong (CiCo, SEDS)"
    )

    def __call__(
        self, matrices: Mapping[str, Tensor], same_answer: Tensor, *, scale: Tensor | float | None = None
    ) -> dict[str, Tensor]:
        """The mean (or sum) of both directions, and each by itself."""
        if self.same_text_negatives:
            same_answer = same_answer.new_zeros(same_answer.shape).fill_diagonal_(True)
        factor = scale if scale is not None else self.initial_scale if isinstance(self.scale, str) else self.scale
        rows = self._of(matrices["video_to_text"].float() * factor, same_answer)
        columns = self._of(matrices["text_to_video"].float().T * factor, same_answer.T)
        loss = rows + columns if self.reduce == "sum" else (rows + columns) / 2
        return {"loss": loss, "video_to_text": rows.detach(), "text_to_video": columns.detach()}

    @property
    def needs_paired_rows(self) -> bool:  # type: ignore[override]
        """Which text is a clip's own is known by its place."""
        return self.same_text_negatives

    def _of(self, logits: Tensor, right: Tensor) -> Tensor:
        """One matrix, its own direction along the rows."""
        own = self._direction(logits, right)
        if self.directions == "own":
            return own
        return self.mix * own + (1 - self.mix) * self._direction(logits.T, right.T)

    def _direction(self, logits: Tensor, right: Tensor) -> Tensor:
        """Rows are queries.  For a right pair with score s and log-sum w of the wrong ones: log(1 + exp(w - s))."""
        from torch.nn import functional

        wrong = self._wrong(logits, right)
        per_pair = functional.softplus(wrong - logits)
        if self.smoothing:
            count = (~right).sum(1, keepdim=True)
            mean_wrong = logits.masked_fill(right, 0.0).sum(1, keepdim=True) / count.clamp_min(1)
            per_pair = per_pair + self.smoothing * (logits - mean_wrong) * (count > 0)
        return per_pair[right].mean()

    def _wrong(self, logits: Tensor, right: Tensor) -> Tensor:
        """Log-sum of the wrong answers; with ``hardness`` each counts as often as its score suggests, n in all."""
        import torch

        plain = logits.masked_fill(right, NEVER).logsumexp(1, keepdim=True)
        if not self.hardness:
            return plain
        tilt, tilted = (
            (factor * logits).masked_fill(right, NEVER).logsumexp(1, keepdim=True)
            for factor in (self.hardness, 1 + self.hardness)
        )
        count = (~right).sum(1, keepdim=True)
        return torch.where(count > 0, tilted - tilt + count.clamp_min(1).log(), plain)
