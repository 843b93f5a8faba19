"""Sure windows become labels: the table of distances, the order of certainty, and classes that do not meet."""

from __future__ import annotations

import numpy as np
import pytest

from mmpt_sign.features.pseudo_labels import PseudoLabel, Rules, Sure, pseudo_labels, sure_windows

FIRST = Sure(100, 7, 0.9)


def labels(*windows: Sure, **rules: object) -> list[tuple[int, int]]:
    found = pseudo_labels(windows, 16, Rules.model_validate(rules))
    return [(label.start, label.end) for label in found]


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(
    ("away", "expected"),
    [(0, [(0, 16)]), (3, [(0, 19)]), (4, [(0, 16)]), (24, [(0, 16)]), (25, [(0, 16), (25, 41)])],
)
def test_the_table_of_distances(away: int, expected: list[tuple[int, int]], sign: int) -> None:
    found = labels(FIRST, Sure(100 + sign * away, 7, 0.7))
    mirrored = sorted((100 - end + 16, 100 - start + 16) for start, end in expected)
    assert found == (mirrored if sign < 0 else [(100 + start, 100 + end) for start, end in expected])


def test_the_surest_window_names_the_probability_and_is_what_others_are_measured_against() -> None:
    windows = [Sure(103, 7, 0.7), Sure(100, 7, 0.9), Sure(106, 7, 0.8)]  # 106 is too far from 100, not from 103
    assert pseudo_labels(windows, 16, Rules()) == [PseudoLabel(7, 100, 119, 0.9)]


def test_a_window_joins_the_nearest_of_several() -> None:
    windows = [Sure(100, 7, 0.9), Sure(140, 7, 0.95), Sure(142, 7, 0.7)]
    assert labels(*windows) == [(100, 116), (140, 158)]


def test_classes_do_not_suppress_each_other() -> None:
    assert labels(FIRST, Sure(102, 8, 0.99)) == [(100, 116), (102, 118)]


def test_what_the_original_does_instead() -> None:
    near = Sure(102, 7, 0.7)
    assert labels(FIRST, near, no_merge=True) == [(100, 116)]
    assert labels(FIRST, near, drop_last_frame=True) == [(100, 117)]
    assert labels(FIRST, near, merge=1, suppress=1) == [(100, 116), (102, 118)]


def test_the_order_of_windows_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    windows = [Sure(int(rng.integers(300)), int(rng.integers(3)), float(rng.random())) for _ in range(80)]
    shuffled = [windows[k] for k in rng.permutation(80)]
    assert labels(*windows) == labels(*shuffled)


def test_a_window_is_sure_above_the_probability_of_its_likeliest_class() -> None:
    scores = np.log(np.array([[0.6, 0.4, 0.0001], [0.61, 0.39, 0.0001], [0.1, 0.2, 0.7], [0.4, 0.35, 0.25]]))
    found = sure_windows(scores + 500, 10, 2, 0.6)
    assert [(one.start, one.label) for one in found] == [(22, 0), (24, 2)]
    assert found[1].probability == pytest.approx(0.7, abs=1e-3)
