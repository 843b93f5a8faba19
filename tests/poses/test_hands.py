from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mmpt_sign.poses.clip import FloatArray
from mmpt_sign.poses.hands import told_apart


def two_hands(frames: int = 20, seed: int = 0) -> FloatArray:
    """(T, 42, 3): the right hand moves in the left half of the image, the left hand in the right half."""
    rng = np.random.default_rng(seed)
    path = np.cumsum(rng.normal(0, 0.01, (frames, 2, 1, 3)), 0)
    centre = np.array([[0.7, 0.5, 0], [0.3, 0.5, 0]])[None, :, None]
    shape = rng.normal(0, 0.03, (1, 2, 21, 3))
    return (centre + path + shape).reshape(frames, 42, 3).astype(np.float32)


@given(st.integers(0, 50), st.data())
def test_the_order_of_detection_does_not_matter(seed: int, data: st.DataObject) -> None:
    hands = two_hands(seed=seed)
    slots = hands.reshape(20, 2, 21, 3).copy()
    swapped = np.array(data.draw(st.lists(st.booleans(), min_size=20, max_size=20)))
    slots[swapped] = slots[swapped][:, ::-1]
    np.testing.assert_array_equal(told_apart(slots), hands)


@given(st.data())
def test_gaps_do_not_break_the_tracks(data: st.DataObject) -> None:
    hands = two_hands().reshape(20, 2, 21, 3).copy()
    gone = np.array(data.draw(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=20, max_size=20)))
    gone[0] = False
    hands[gone] = np.nan
    slots = hands.copy()
    alone = gone[:, 0] & ~gone[:, 1]
    slots[alone] = slots[alone][:, ::-1]  # a single hand comes first
    np.testing.assert_array_equal(told_apart(slots), hands.reshape(20, 42, 3))


def test_one_hand_is_told_by_its_side_of_the_image() -> None:
    slots = np.full((5, 2, 21, 3), np.nan, np.float32)
    slots[:, 0] = 0.3
    assert np.isnan(told_apart(slots)[:, :21]).all()
    slots[:, 0] = 0.7
    assert np.isnan(told_apart(slots)[:, 21:]).all()


def test_hands_may_cross() -> None:
    times = np.linspace(0, 1, 21)
    slots = np.zeros((21, 2, 21, 3), np.float32)
    slots[:, 0] = np.stack([0.2 + 0.5 * times, np.full(21, 0.3), np.zeros(21)], -1)[:, None]
    slots[:, 1] = np.stack([0.8 - 0.5 * times, np.full(21, 0.6), np.zeros(21)], -1)[:, None]
    ordered = told_apart(slots)
    np.testing.assert_array_equal(ordered[:, 21:], slots[:, 0])
    np.testing.assert_array_equal(told_apart(slots[:, ::-1]), ordered)


def test_nothing_seen_stays_nothing() -> None:
    assert np.isnan(told_apart(np.full((3, 2, 21, 3), np.nan, np.float32))).all()
