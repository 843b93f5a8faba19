"""Compare every clip of a video with every word of a text: each clip finds its words, each word its clips (CiCo, SEDS).

Needs: TokenSets with tokens on both sides, of one width.
When to prefer another: `pooled_dot` where one vector per clip must be enough, as for an index of millions.
Reference: Cheng et al. 2023, fine-grained cross-lingual similarity; Yao et al. 2022 for the maximum instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from mmpt_sign.config.contracts import Similarity

if TYPE_CHECKING:
    from torch import Tensor

    from mmpt_sign.config.schema import Experiment
    from mmpt_sign.models.token_set import TokenSet
    from mmpt_sign.similarity._blocks import Side

NEVER = -1e30  # finite, so that a clip without anything valid gets zeros instead of NaN


class TokenSoftmax(Similarity):
    """Cosines of all pairs of tokens, summed over one side by their own softmax, averaged over the other.

    ``inner_mask: false`` lets padding and class tokens compete inside the softmax, as released CiCo and SEDS weights
    expect; it asks for towers that always emit the same number of positions (``pad_to``).  All token similarities are
    never in memory at once: blocks of at most ``block`` of them are computed, and computed again for the gradient.
    """

    name: Literal["token_softmax"] = "token_softmax"
    tau: float = Field(0.07, gt=0, description="temperature of the inner softmax")
    inner_mask: bool = Field(True, description="only valid clips and words compete")
    mix: float = Field(0.5, ge=0, le=1, description="share of sign to word in the one score of evaluation and search")
    block: int = Field(1_000_000, ge=1, description="token similarities in memory at once")

    needs: ClassVar[Literal["pooled", "tokens"]] = "tokens"

    @property
    def sees_padding(self) -> bool:
        """Without the inner mask everything competes."""
        return not self.inner_mask

    def conflict(self, experiment: Experiment, pair: tuple[str, str]) -> str | None:
        """Where padding is seen there must always be equally much of it, or scores would depend on the batch."""
        if self.inner_mask:
            return None
        towers = {name: tower.encoder for name, tower in experiment.video.items()}
        sides = {**({pair[0]: towers[pair[0]]} if pair[0] in towers else towers), "text": experiment.text}
        loose = [
            name
            for name, part in sides.items()
            if (getattr(part, "pad_to", None) or 0) < max(getattr(part, "max_tokens", 0), 1)
        ]
        if not loose:
            return None
        return (
            f"inner_mask: false lets padding take part, so {' and '.join(loose)} must always be of one length: set "
            "pad_to (clip_visual; clip_text, to max_tokens at least), or leave inner_mask true"
        )

    def __call__(self, video: TokenSet, text: TokenSet) -> dict[str, Tensor]:
        """Sign to word and word to sign, rows clips, columns texts, both."""
        from mmpt_sign.similarity._blocks import in_blocks, unit
        from mmpt_sign.similarity._exponentials import is_bounded

        sides = (unit(video.tokens), video.mask), (unit(text.tokens), text.mask)
        bounded = is_bounded(self.tau)
        to_words, to_clips = self._by_sums(*sides) if bounded else in_blocks(self._compared, *sides, self.block)
        return {"video_to_text": to_words, "text_to_video": to_clips}

    def combined(self, matrices: Mapping[str, Tensor]) -> Tensor:
        """Both directions, mixed."""
        return self.mix * matrices["video_to_text"] + (1 - self.mix) * matrices["text_to_video"]

    def vectors(self, pooled: Tensor) -> Tensor:
        """The fast first pass: cosines of pooled vectors."""
        from torch.nn import functional

        return functional.normalize(pooled, dim=-1)

    def _by_sums(self, clips: Side, words: Side) -> tuple[Tensor, Tensor]:
        """Two (a, b)."""
        from mmpt_sign.similarity._exponentials import TINY, everything, sums

        one, other = (clips, words) if self.inner_mask else (everything(clips), everything(words))
        found = sums(one, other, self.tau, self.block, products=True)
        to_words, to_clips = (
            (weights > 0) + self.tau * products / weights.clamp_min(TINY)
            for weights, products in zip(found.weights, found.products, strict=True)
        )
        return _mean(to_words.transpose(1, 2), clips[1][:, None]), _mean(to_clips, words[1][None])

    def _compared(self, clips: Tensor, clip_mask: Tensor, words: Tensor, word_mask: Tensor) -> tuple[Tensor, Tensor]:
        """(a, L, D), (a, L), (b, W, D), (b, W) -> two (a, b)."""
        cosines = (clips.flatten(0, 1) @ words.flatten(0, 1).T).float()
        cosines = cosines.view(*clips.shape[:2], *words.shape[:2])  # (a, L, b, W)
        to_words = self._attended(cosines, word_mask[None, None], 3)  # (a, L, b)
        to_clips = self._attended(cosines, clip_mask[:, :, None, None], 1)  # (a, b, W)
        return _mean(to_words.transpose(1, 2), clip_mask[:, None]), _mean(to_clips, word_mask[None])

    def _attended(self, cosines: Tensor, mask: Tensor, axis: int) -> Tensor:
        """Sum over an axis, weighted by the softmax along it; nothing at all where nothing is valid."""
        logits = cosines / self.tau
        if not self.inner_mask:
            return (cosines * logits.softmax(axis)).sum(axis)
        return (cosines * (logits.masked_fill(~mask, NEVER).softmax(axis) * mask)).sum(axis)


def _mean(values: Tensor, mask: Tensor) -> Tensor:
    """Over the last axis, valid positions only."""
    return values.masked_fill(~mask, 0).sum(-1) / mask.sum(-1).clamp_min(1)
