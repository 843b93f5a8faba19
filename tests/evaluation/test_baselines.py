"""Chance is exact, the nearest neighbour is the nearest neighbour."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation import retrieval
from mmpt_sign.evaluation.baselines import chance, nearest_neighbour


def test_chance_of_twenty_six_letters() -> None:
    found = chance(list(range(26)) * 4, range(26))["video_to_text"]
    assert found["R@1"] == pytest.approx(1 / 26)
    assert found["R@10"] == pytest.approx(10 / 26)
    assert found["MedR"] == found["MeanR"] == 13.5
    assert set(found) == set(retrieval(np.eye(2), "ab", "ab")["video_to_text"])


def test_chance_equals_the_mean_over_all_orders() -> None:
    """Both directions of 4 clips with 3 answers, every order of the candidates once."""
    video, text = list("aabc"), list("abc")
    found = chance(video, text)
    columns = [np.array([ranks[v] for v in range(4)]) for ranks in itertools.permutations(range(4))]
    per_order = [retrieval(np.stack([order] * 3, axis=1), video, text)["text_to_video"] for order in columns]
    for name in ("R@1", "R@5", "P@1", "P@5", "MeanR", "MRR"):
        assert found["text_to_video"][name] == pytest.approx(np.mean([one[name] for one in per_order])), name


def test_chance_agrees_with_random_scores() -> None:
    rng = np.random.default_rng(0)
    video = rng.integers(0, 6, 30)
    drawn = [retrieval(rng.random((30, 6)), video, range(6)) for _ in range(600)]
    for direction, wanted in chance(video, range(6)).items():
        for name in ("R@1", "R@5", "P@10", "MRR", "MeanR"):
            assert np.mean([one[direction][name] for one in drawn]) == pytest.approx(wanted[name], rel=0.05), name


def test_chance_of_groups_counts_groups() -> None:
    found = chance([0, 0, 0, 1], [0, 1], gallery="group")["text_to_video"]
    assert (found["R@1"], found["MedR"]) == (0.5, 1.5)


def test_nearest_neighbour_finds_the_nearest() -> None:
    rng = np.random.default_rng(0)
    train = [rng.normal(size=(int(n), 6)) for n in rng.integers(4, 30, 40)]
    labels = [i % 5 for i in range(40)]
    test = [train[i] + 0.01 * rng.normal(size=train[i].shape) for i in range(10)]
    scores = nearest_neighbour(train, labels, test, range(5), frames=4)

    def resampled(clip: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.stack([clip[int((i + 0.5) * len(clip) / 4)] for i in range(4)])

    for i, clip in enumerate(test):
        for answer in range(5):
            distances = [
                np.linalg.norm(resampled(c) - resampled(clip))
                for c, a in zip(train, labels, strict=True)
                if a == answer
            ]
            assert scores[i, answer] == pytest.approx(-min(distances), abs=1e-3)
    assert retrieval(scores, labels[:10], range(5))["video_to_text"]["R@1"] == 1.0


def test_answers_that_training_never_saw_rank_last() -> None:
    train, test = [np.zeros((3, 2)), np.ones((3, 2))], [np.full((5, 2), 0.9), np.full((1, 2), np.nan)]
    scores = nearest_neighbour(train, ["a", "b"], test, ["a", "b", "new"])
    assert np.isneginf(scores[:, 2]).all()
    assert scores[0].argmax() == 1
    assert scores[1].argmax() == 0  # missing points are zeros


def test_clips_of_different_width_are_refused() -> None:
    with pytest.raises(DataError, match="one width"):
        nearest_neighbour([np.zeros((3, 2)), np.zeros((3, 4))], ["a", "b"], [np.zeros((3, 2))], ["a", "b"])
    with pytest.raises(DataError, match="none empty"):
        nearest_neighbour([np.zeros((0, 2))], ["a"], [np.zeros((3, 2))], ["a"])
    with pytest.raises(DataError, match="test clips"):
        nearest_neighbour([np.zeros((3, 2))], ["a"], [], ["a"])
