"""Discounted gain of the one right sign in a ranked dictionary: near the top every place counts, far below hardly any.

What: 1 / log2(1 + rank), its mean over all orders of equal scores.  With one right answer this is DCG and nDCG alike.
Needs: rankings whose candidates hold the right one once.
Reference: Järvelin and Kekäläinen 2002; used for dictionary look-up by video in Desai et al. 2023, ASL Citizen.
"""

from __future__ import annotations

import numpy as np

from mmpt_sign.evaluation.ranking import Floats, Ranking


def discounted_gain(ranking: Ranking) -> Floats:
    """One gain per query."""
    upto = np.concatenate([[0.0], np.cumsum(1 / np.log2(np.arange(2, int(ranking.gallery.max(initial=1)) + 2)))])
    gains: Floats = (upto[ranking.above + ranking.tied + 1] - upto[ranking.above]) / (ranking.tied + 1)
    return gains
