"""Probes against obvious loops and scikit-learn called plainly."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.probes import knn, linear, prototypes, sampled

Arrays = tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]


@pytest.fixture
def data() -> Arrays:
    rng = np.random.default_rng(0)
    classes = rng.permutation(np.repeat(np.arange(4), [5, 9, 3, 8]))
    centres = rng.normal(size=(4, 6))
    return centres[classes] + 0.5 * rng.normal(size=(25, 6)), classes, rng.normal(size=(10, 6))


def test_a_prototype_is_the_mean_dot_product(data: Arrays) -> None:
    examples, classes, clips = data
    wanted = [
        [np.mean([clip @ e for e, c in zip(examples, classes, strict=True) if c == k]) for k in range(4)]
        for clip in clips
    ]
    assert prototypes(examples, classes, clips) == pytest.approx(np.array(wanted))


def test_shares_of_the_nearest_neighbours(data: Arrays) -> None:
    examples, classes, clips = data
    deviation = examples.std(axis=0)
    found = knn(examples, classes, clips)
    for clip, row in zip(clips, found, strict=True):
        distances = [np.linalg.norm((clip - e) / deviation) for e in examples]
        nearest = classes[np.argsort(distances)[:5]].tolist()  # sqrt(25)
        assert row == pytest.approx([nearest.count(k) / 5 for k in range(4)], abs=2e-6)
        best = max(set(nearest), key=lambda k: (nearest.count(k), -nearest.index(k)))
        assert np.argmax(row) == best


def test_the_linear_probe_is_logistic_regression(data: Arrays) -> None:
    from sklearn.linear_model import LogisticRegression

    examples, classes, clips = data
    wanted = LogisticRegression(max_iter=100).fit(examples, classes).predict_proba(clips)
    assert np.exp(linear(examples, classes, clips)) == pytest.approx(wanted)
    with pytest.raises(DataError, match="two classes"):
        linear(examples, np.zeros(25, np.int64), clips)


def test_samples_are_even_nested_and_repeatable(data: Arrays) -> None:
    _, classes, _ = data
    one, three, everything = (sampled(classes, shots, seed=1) for shots in (1, 3, None))
    assert np.bincount(classes[one]).tolist() == [1, 1, 1, 1]
    assert np.bincount(classes[three]).tolist() == [3, 3, 3, 3]
    assert set(one) < set(three) < set(everything)
    assert everything.tolist() == list(range(25))
    assert sampled(classes, 3, seed=1).tolist() == three.tolist() != sampled(classes, 3, seed=2).tolist()
