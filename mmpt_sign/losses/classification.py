"""Cross-entropy of each clip over all texts of the batch; with ``batch.texts: all``, over all classes.

Needs: texts merged per batch.
When to prefer another: `info_nce` where texts are sentences, of which a batch holds few.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from mmpt_sign.config.contracts import Loss

if TYPE_CHECKING:
    from torch import Tensor


class Classification(Loss):
    """From clips to texts alone; a clip with several right texts should have any of them."""

    name: Literal["classification"] = "classification"

    def __call__(
        self, matrices: Mapping[str, Tensor], same_answer: Tensor, *, scale: Tensor | float | None = None
    ) -> dict[str, Tensor]:
        """The loss, and the share of clips whose likeliest text is right."""
        factor = scale if scale is not None else self.initial_scale if isinstance(self.scale, str) else self.scale
        logits = matrices["video_to_text"].float() * factor
        right = logits.masked_fill(~same_answer, float("-inf")).logsumexp(1)
        loss = (logits.logsumexp(1) - right).mean()
        best = same_answer.gather(1, logits.argmax(1, keepdim=True)).float().mean()
        return {"loss": loss, "accuracy": best.detach()}
