"""Boxes around hands: by their points, by the arm, at every border of the picture."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mmpt_sign.poses.hand_box import Boxes, BoxRule, hand_boxes

PICTURE = (210.0, 260.0)
ARM = np.array([[100.0, 60.0], [100.0, 120.0], [100.0, 170.0]])  # shoulder, elbow, wrist: 60 and 50 long


def hand(centre: tuple[float, float], extent: float = 20.0) -> NDArray[np.float64]:
    """21 points on the diagonal of a square."""
    placed: NDArray[np.float64] = np.asarray(centre) + np.linspace(-extent / 2, extent / 2, 21)[:, None] * np.ones(2)
    return placed


def box(
    points: NDArray[np.float64],
    visible: int = 21,
    arm: float = 0.0,
    picture: tuple[float, float] | None = PICTURE,
    **rule: float,
) -> Boxes:
    confidence = np.where(np.arange(21) < visible, 0.9, 0.05).astype(np.float32)
    return hand_boxes(
        points[None].astype(np.float32), confidence[None], ARM[None].astype(np.float32), np.full((1, 3), arm),
        BoxRule(**rule), picture,
    )  # fmt: skip


def test_seen_points_are_in_the_middle_of_a_box_as_large_as_two_hands() -> None:
    found = box(hand((100, 130)))
    assert (found.is_there[0], found.side[0], *found.corner[0]) == (True, 44, 78, 108)


def test_ten_seen_points_place_the_box_and_nine_do_not() -> None:
    ten, nine = box(hand((100, 130)), visible=10), box(hand((100, 130)), visible=9)
    assert ten.is_there[0]
    assert ten.side[0] == 20  # 2.2 times the extent of the ten
    assert not nine.is_there[0]


def test_the_arm_stands_in_for_a_hand_that_is_not_seen() -> None:
    found = box(hand((100, 130)), visible=9, arm=0.5)
    assert found.is_there[0]
    assert found.side[0] == 59  # 1.1 times 0.9 of the upper arm, cut to whole pixels
    np.testing.assert_array_equal(found.corner[0], [70, 156])  # a third of the forearm beyond the wrist
    assert not box(hand((100, 130)), visible=9, arm=0.49).is_there[0]


def test_an_arm_that_hangs_down_to_the_border_shows_no_hand() -> None:
    assert box(hand((100, 130)), visible=0, arm=1, bottom=50).is_there[0]
    assert not box(hand((100, 130)), visible=0, arm=1, bottom=90).is_there[0]


@pytest.mark.parametrize(
    ("centre", "corner"),
    [((5, 130), (0, 108)), ((205, 130), (165, 108)), ((100, 3), (78, 0)), ((100, 258), (78, 215))],
    ids=["left", "right", "top", "bottom"],
)
def test_a_box_at_a_border_is_pushed_inside(centre: tuple[float, float], corner: tuple[float, float]) -> None:
    found = box(hand(centre))
    assert found.side[0] == 44
    np.testing.assert_array_equal(found.corner[0], corner)


def test_a_box_is_never_larger_than_the_picture() -> None:
    found = box(hand((100, 130), extent=150))
    assert found.side[0] == 209
    np.testing.assert_array_equal(found.corner[0], [0, 26])


def test_an_arm_at_a_border_gives_what_is_left_of_its_box() -> None:
    arm = ARM + [105, 60]  # the wrist is at (205, 230) in a picture of 210 x 260
    confidence = np.zeros((1, 21), np.float32)
    given = (np.zeros((1, 21, 2), np.float32), confidence, arm[None].astype(np.float32), np.ones((1, 3), np.float32))
    found = hand_boxes(*given, BoxRule(), PICTURE)
    np.testing.assert_array_equal(found.corner[0], [175, 216])
    assert found.side[0] == 34  # 210 - 175.3, cut


def test_without_a_picture_boxes_are_neither_rounded_nor_pushed() -> None:
    found = box(hand((5, 130), extent=20.2), picture=None)
    assert found.side[0] == pytest.approx(44.44, abs=1e-4)
    np.testing.assert_allclose(found.corner[0], [-17.22, 107.78], atol=1e-4)
