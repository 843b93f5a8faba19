"""The metrics that scikit-learn and torchmetrics also know, where there are no ties."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given

from mmpt_sign.evaluation import retrieval
from tests.evaluation.oracle import Case, cases


@given(cases(ties=False, broken=False))
def test_top_k_accuracy_of_scikit_learn(case: Case) -> None:
    from sklearn.metrics import top_k_accuracy_score

    scores, _, text = case
    labels = list(range(scores.shape[1]))
    if len(labels) < 3:
        return
    video = [text[i % len(text)] % len(labels) for i in range(len(scores))]
    found = retrieval(scores, video, labels)["video_to_text"]
    for k in (1, 5, 10):
        if k < len(labels):
            assert found[f"R@{k}"] == pytest.approx(top_k_accuracy_score(video, scores, k=k, labels=labels))


@given(cases(ties=False, broken=False))
def test_precision_and_reciprocal_rank_of_torchmetrics(case: Case) -> None:
    from torchmetrics.functional.retrieval import retrieval_precision, retrieval_reciprocal_rank

    scores, video, text = case
    distinct = [j for j, answer in enumerate(text) if answer not in text[:j]]
    scores, text = scores[:, distinct] + 1, [text[j] for j in distinct]  # torchmetrics leaves out scores up to 0
    found = retrieval(scores, video, text)["text_to_video"]
    asked = [j for j, answer in enumerate(text) if answer in video]
    pairs = [
        (torch.tensor(scores[:, j], dtype=torch.float32), torch.tensor([answer == text[j] for answer in video]))
        for j in asked
    ]
    reciprocal = [float(retrieval_reciprocal_rank(*pair)) for pair in pairs]
    assert found["MRR"] == pytest.approx(np.mean(reciprocal), rel=1e-5)
    for k in (1, 5, 10):
        precision = [float(retrieval_precision(*pair, top_k=k)) for pair in pairs]
        assert found[f"P@{k}"] == pytest.approx(np.mean(precision), rel=1e-5)
