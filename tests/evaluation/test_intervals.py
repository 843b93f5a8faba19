"""Intervals of means against the plain formula and against drawing by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.intervals import mean_and_ends, redrawn_means, t_half_width


def test_half_width_of_a_t_interval() -> None:
    assert t_half_width([1.0, 2.0, 3.0]) == pytest.approx(4.302653 / math.sqrt(3))
    found = mean_and_ends("x", [0.1, 0.4, 0.3, 0.9])
    low, high = stats.t.interval(0.95, 3, loc=found["x"], scale=stats.sem([0.1, 0.4, 0.3, 0.9]))
    assert (found["x_low"], found["x_high"]) == pytest.approx((low, high))
    assert mean_and_ends("x", [2.0]) == {"x": 2.0}
    assert mean_and_ends("x", []) == {}


def test_the_spread_of_redrawn_means_is_the_standard_error() -> None:
    values = np.random.default_rng(0).normal(size=(400, 2)) * [1.0, 3.0]
    found = redrawn_means(values, samples=3000, seed=1)
    assert found.std(axis=0) == pytest.approx(values.std(axis=0) / 20, rel=0.08)
    assert found.mean(axis=0) == pytest.approx(values.mean(axis=0), abs=0.02)
    np.testing.assert_array_equal(found, redrawn_means(values, samples=3000, seed=1))


def test_groups_are_drawn_whole() -> None:
    """Two groups of equal values have only three means to draw."""
    values = np.array([[0.0], [0.0], [1.0], [1.0], [1.0], [1.0]])
    found = redrawn_means(values, list("aabbbb"), samples=200)
    assert {round(float(x), 6) for x in found[:, 0]} == {0.0, round(4 / 6, 6), 1.0}
    with pytest.raises(DataError, match="as many groups"):
        redrawn_means(values, ["a"])
    with pytest.raises(DataError, match="no queries"):
        redrawn_means(values[:0])
