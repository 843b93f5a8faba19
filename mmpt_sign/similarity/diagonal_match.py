"""Compare two streams of clips position by position: the same moment must look alike, and like nothing else (SEDS).

Needs: two streams cut into the same clips; in training only, beside a similarity with texts.
When to prefer another: `token_softmax` wherever positions of the two sides do not mean the same moments.
Reference: Jiang et al. 2024 (SEDS), pose-RGB fine-grained matching.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from mmpt_sign.config.contracts import Similarity

if TYPE_CHECKING:
    from torch import Tensor

    from mmpt_sign.config.schema import Experiment
    from mmpt_sign.models.token_set import TokenSet
    from mmpt_sign.similarity._blocks import Side

NEVER = -1e30  # finite, so that a clip without anything valid gives zero instead of NaN
GRID = ("window", "stride", "max_clips")


class DiagonalMatch(Similarity):
    """Cosines of equal positions, each weighted by its share among all positions of the other side.

    Released weights were trained with ``reduce: sum`` and ``inner_mask: false``: scores that grow with the length of a
    clip, in which padding competes.
    """

    name: Literal["diagonal_match"] = "diagonal_match"
    tau: float = Field(0.07, gt=0, description="temperature of the inner softmax")
    reduce: Literal["mean", "sum"] = Field("mean", description="over the positions that count")
    inner_mask: bool = Field(True, description="only valid positions compete, and only those valid on both sides count")
    block: int = Field(1_000_000, ge=1, description="similarities of positions in memory at once")

    needs: ClassVar[Literal["pooled", "tokens"]] = "tokens"

    def __call__(self, video: TokenSet, text: TokenSet) -> dict[str, Tensor]:
        """Each position of the first among the second's, and the other way round; rows are the first's clips."""
        from mmpt_sign.models.same_grid import on_one_grid
        from mmpt_sign.similarity._blocks import in_blocks, unit
        from mmpt_sign.similarity._exponentials import is_bounded

        left, right = on_one_grid(video, text)
        sides = (unit(left.tokens), left.mask), (unit(right.tokens), right.mask)
        first, second = self._by_sums(*sides) if is_bounded(self.tau) else in_blocks(self._compared, *sides, self.block)
        return {"video_to_text": first, "text_to_video": second}

    @property
    def sees_padding(self) -> bool:
        """Without the inner mask padding competes, so it must be there."""
        return not self.inner_mask

    def vectors(self, pooled: Tensor) -> Tensor:
        """The fast first pass: cosines of pooled vectors."""
        from torch.nn import functional

        return functional.normalize(pooled, dim=-1)

    def conflict(self, experiment: Experiment, pair: tuple[str, str]) -> str | None:
        """Only towers can be matched, and only if their front ends, where they say so, cut alike."""
        towers = [experiment.video.get(side) for side in pair]
        if towers[0] is None or towers[1] is None:
            return f"diagonal_match compares two towers of {', '.join(experiment.video)}, not {' and '.join(pair)}"
        grids = [{key: getattr(t.front_end, key) for key in GRID if hasattr(t.front_end, key)} for t in towers if t]
        differing = [key for key in GRID if len({grid[key] for grid in grids if grid.get(key) is not None}) > 1]
        if differing:
            return (
                f"diagonal_match needs towers of the same clips; the front ends of {' and '.join(pair)} differ in "
                f"{', '.join(differing)}"
            )
        loose = [name for name in pair if getattr(experiment.video[name].encoder, "pad_to", None) is None]
        if loose and not self.inner_mask:
            return (
                f"inner_mask: false lets padding take part, so {' and '.join(loose)} must always be of one length: set "
                "pad_to (clip_visual), or leave inner_mask true"
            )
        return None

    def _by_sums(self, left: Side, right: Side) -> tuple[Tensor, Tensor]:
        """Two (a, b)."""
        import torch

        from mmpt_sign.similarity._exponentials import TINY, everything, sums

        same = torch.einsum("ald,bld->abl", left[0], right[0]).float()
        one, other = (left, right) if self.inner_mask else (everything(left), everything(right))
        whole = sums(one, other, self.tau, self.block, products=False).weights
        own = ((same - 1) / self.tau).exp()
        among_right, among_left = (own / of.clamp_min(TINY) for of in (whole[0].transpose(1, 2), whole[1]))
        return self._reduced(same * among_right, same * among_left, left[1], right[1])

    def _compared(self, left: Tensor, left_mask: Tensor, right: Tensor, right_mask: Tensor) -> tuple[Tensor, Tensor]:
        """(a, L, D), (a, L), (b, L, D), (b, L) -> two (a, b)."""
        cosines = (left.flatten(0, 1) @ right.flatten(0, 1).T).float()
        cosines = cosines.view(*left.shape[:2], *right.shape[:2])  # (a, L, b, L)
        same = cosines.diagonal(dim1=1, dim2=3)  # (a, b, L)
        first = same * self._share(cosines, same, right_mask[None, None], 3)
        second = same * self._share(cosines.transpose(1, 3), same, left_mask[:, None, None], 3)
        return self._reduced(first, second, left_mask, right_mask)

    def _share(self, cosines: Tensor, same: Tensor, mask: Tensor, axis: int) -> Tensor:
        """The softmax along an axis at the equal positions: (a, L, b, L) -> (a, b, L)."""
        logits = cosines / self.tau
        whole = (logits.masked_fill(~mask, NEVER) if self.inner_mask else logits).logsumexp(axis)  # (a, L, b)
        return (same / self.tau - whole.transpose(1, 2)).clamp_max(0).exp()

    def _reduced(self, first: Tensor, second: Tensor, left_mask: Tensor, right_mask: Tensor) -> tuple[Tensor, Tensor]:
        """Over the positions that count: two (a, b, L) -> two (a, b)."""
        both = left_mask[:, None] & right_mask[None]
        masks = (both, both) if self.inner_mask else (left_mask[:, None], right_mask[None])
        return self._over(first, masks[0]), self._over(second, masks[1])

    def _over(self, values: Tensor, mask: Tensor) -> Tensor:
        total = values.masked_fill(~mask, 0).sum(-1)
        return total / mask.sum(-1).clamp_min(1) if self.reduce == "mean" else total
