from __future__ import annotations

import numpy as np

from mmpt_sign.poses.layouts import layout
from tests.poses.clips import check, clip_of, same


def test_take_orders_by_name_and_marks_what_is_not_there() -> None:
    clip = clip_of("hands_42", missing=0)
    names = ("RIGHT_HAND_LANDMARKS.WRIST", "FACE_LANDMARKS.0", "LEFT_HAND_LANDMARKS.WRIST")
    taken = clip.take(names)
    check(taken)
    assert taken.layout.points == names
    np.testing.assert_array_equal(taken.data[:, [0, 2]], clip.data[:, [21, 0]])
    assert not taken.confidence[:, 1].any()


def test_taking_never_shares_memory_with_the_clip() -> None:
    clip = clip_of("hands_42", missing=0)
    before = clip.data.copy()
    clip.take(layout("hand_21").points).data[:] = 7
    np.testing.assert_array_equal(clip.data, before)
    assert same(clip.take(clip.layout.points), clip)


def test_components_are_read_from_the_names() -> None:
    found = layout("holistic_203").components
    assert {name: len(indices) for name, indices in found.items()} == {
        "POSE_LANDMARKS": 33, "FACE_LANDMARKS": 128, "LEFT_HAND_LANDMARKS": 21, "RIGHT_HAND_LANDMARKS": 21,
    }  # fmt: skip
