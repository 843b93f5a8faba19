"""Discounted gain against scikit-learn, ties included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import dcg_score, ndcg_score

from mmpt_sign.evaluation import query_ranks
from mmpt_sign.evaluation.gains import discounted_gain


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_dcg_of_scikit_learn(seed: int, ties: bool) -> None:
    rng = np.random.default_rng(seed)
    scores = rng.integers(0, 4, (7, 9)).astype(float) if ties else rng.random((7, 9))
    right = rng.integers(0, 9, 7)
    truth = np.eye(9)[right]
    found = discounted_gain(query_ranks(scores, right, range(9))["video_to_text"])
    wanted = [dcg_score(truth[i : i + 1], scores[i : i + 1]) for i in range(7)]
    assert found == pytest.approx(wanted)
    assert found.mean() == pytest.approx(ndcg_score(truth, scores))
