from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpt_sign.poses.flip import mirror, mirror_order
from mmpt_sign.poses.layouts import NAMES, UNORDERED, layout
from mmpt_sign.poses.normalise import by_shoulders
from tests.poses.clips import check, clip_of, same

LAYOUTS = [name for name in NAMES if name != UNORDERED]


@given(st.sampled_from(LAYOUTS), st.integers(0, 9), st.sampled_from([2, 3]))
def test_twice_is_nothing(name: str, seed: int, dims: int) -> None:
    clip = clip_of(name, 3, seed=seed, dims=dims)
    before = clip.data.copy()
    flipped = mirror(clip)
    check(flipped)
    assert same(mirror(flipped), clip)
    np.testing.assert_array_equal(clip.data, before)


def test_sides_change_places_and_x_its_sign() -> None:
    clip = clip_of("holistic_203", 3, missing=0)
    flipped, at = mirror(clip), clip.layout.position
    for name, other in (
        ("LEFT_HAND_LANDMARKS.THUMB_TIP", "RIGHT_HAND_LANDMARKS.THUMB_TIP"),
        ("POSE_LANDMARKS.MOUTH_LEFT", "POSE_LANDMARKS.MOUTH_RIGHT"),
        ("POSE_LANDMARKS.NOSE", "POSE_LANDMARKS.NOSE"),
        ("FACE_LANDMARKS.33", "FACE_LANDMARKS.263"),
        ("FACE_LANDMARKS.152", "FACE_LANDMARKS.152"),
    ):
        np.testing.assert_array_equal(
            flipped.data[:, at[name]], clip.data[:, at[other]] * np.array([-1, 1, 1], np.float32)
        )


def test_203_points_are_61_pairs_in_the_face_6_fixed_ones_body_and_hands() -> None:
    points = layout("holistic_203").points
    order = mirror_order(points)
    fixed = [points[i].partition(".")[2] for i in np.flatnonzero(order == np.arange(203))]
    assert fixed == ["NOSE", "0", "10", "13", "14", "17", "152"]
    assert (order[33:161] != np.arange(33, 161)).sum() == 2 * 61


@pytest.mark.parametrize("name", ["hand_21", "hands_42"])
def test_one_hand_alone_stays_in_its_place(name: str) -> None:
    order = mirror_order(layout(name).points)
    assert (order == np.arange(21)).all() if name == "hand_21" else (order == np.roll(np.arange(42), 21)).all()


def test_normalising_again_changes_nothing() -> None:
    flipped = mirror(by_shoulders(clip_of("holistic_203")))
    np.testing.assert_allclose(by_shoulders(flipped).data, flipped.data, atol=1e-5)
