from __future__ import annotations

import pytest

from mmpt_sign.errors import DataError
from mmpt_sign.poses.layouts import NAMES, UNORDERED, by_point_count, layout


@pytest.mark.parametrize("name", [name for name in NAMES if name != UNORDERED])
def test_names_tell_their_size_and_are_found_by_it(name: str) -> None:
    points = int(name.rsplit("_", 1)[1])
    assert len(layout(name)) == len(set(layout(name).points)) == points
    assert by_point_count((7, points, 3)) == name


def test_two_unordered_hands_are_told_by_their_shape() -> None:
    assert by_point_count((7, 2, 21, 3)) == UNORDERED
    assert layout(UNORDERED) == layout("hands_42")


def test_unknown_layouts_are_explained() -> None:
    with pytest.raises(DataError, match=r"did you mean 'hands_42'"):
        layout("hand_42")
    with pytest.raises(DataError, match="name its points"):
        by_point_count((7, 99, 3))
