"""Where each query's best right candidate landed: what every metric, interval and report is computed from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.evaluation.answers import IntArray

Floats = NDArray[np.float64]
Mode = Literal["strict", "legacy", "cico"]
Gallery = Literal["video", "group"]
Direction = Literal["text_to_video", "video_to_text"]

DIRECTIONS: tuple[Direction, Direction] = ("text_to_video", "video_to_text")
DEPTHS = (1, 5, 10)


@dataclass(frozen=True, slots=True)
class Ranking:
    """One entry per query (Q of them).

    ``query`` is the row of the clip, or the first column of the text.  ``above`` counts wrong candidates that score
    higher than the best right one, ``tied`` wrong ones that score the same.  ``hits`` (Q, 3) is the number of right
    candidates among the first 1, 5 and 10, expected over the orders of equal scores.  ``nonfinite`` counts the scores
    of the whole matrix that are no numbers; they stand below all others.
    """

    query: IntArray
    above: IntArray
    tied: IntArray
    positives: IntArray
    gallery: IntArray
    hits: Floats
    nonfinite: int = 0
    mode: Mode = "strict"
    micro: bool = False  # recall over all right candidates together instead of over queries
    lower_median: bool = False  # of an even number of ranks the lower one of the middle two

    def __len__(self) -> int:
        return len(self.query)

    @property
    def rank(self) -> Floats:
        """The rank with ties counted half: the mean over all orders of the equal scores when one candidate is right."""
        ranks: Floats = 1 + self.above + self.tied / 2
        return ranks

    @property
    def optimistic(self) -> Floats:
        """The rank if every tie is decided for the right candidate."""
        ranks: Floats = 1.0 + self.above
        return ranks

    @property
    def pessimistic(self) -> Floats:
        """The rank if every tie is decided against it."""
        ranks: Floats = 1.0 + self.above + self.tied
        return ranks

    def subset(self, chosen: NDArray[Any]) -> Ranking:
        """Some of the queries, ranked among the same candidates as before."""
        arrays = {f.name: getattr(self, f.name)[chosen] for f in fields(self) if f.type in ("IntArray", "Floats")}
        return replace(self, **arrays)


def pooled(rankings: Sequence[Ranking]) -> Ranking:
    """The queries of several separate galleries as one list."""
    names = [f.name for f in fields(Ranking) if f.type in ("IntArray", "Floats")]
    arrays = {name: np.concatenate([getattr(ranking, name) for ranking in rankings]) for name in names}
    return replace(rankings[0], nonfinite=sum(ranking.nonfinite for ranking in rankings), **arrays)
