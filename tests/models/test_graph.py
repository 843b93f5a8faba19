"""Graphs of hands and arms: who hears of whom."""

from __future__ import annotations

import numpy as np
import pytest

from mmpt_sign.models.graph import BODY, HAND, RELEASED_BODY, Graph


@pytest.mark.parametrize(
    ("graph", "counts"),
    [
        (HAND.graph, [21, 20, 20, 32]),
        (HAND.pooled, [6, 5, 5, 8]),
        (BODY.graph, [7, 6, 6, 6]),
        (RELEASED_BODY.graph, [7, 6, 6, 6]),
        (RELEASED_BODY.pooled, [3, 0, 0, 2]),
        (BODY.pooled, [3, 2, 2, 2]),
    ],
)
def test_links_of_each_kind(graph: Graph, counts: list[int]) -> None:
    assert [int((matrix != 0).sum()) for matrix in graph.adjacency()] == counts


@pytest.mark.parametrize("graph", [HAND.graph, HAND.pooled, BODY.graph, BODY.pooled])
def test_what_a_joint_hears_adds_up_to_one(graph: Graph) -> None:
    np.testing.assert_allclose(graph.adjacency().sum((0, 1)), 1, rtol=1e-6)


def test_a_wrist_hears_of_its_fingers_and_a_finger_of_the_wrist() -> None:
    _, inwards, outwards, beside = HAND.graph.adjacency()
    assert np.flatnonzero(inwards[:, 0]).tolist() == [1, 5, 9, 13, 17]
    assert np.flatnonzero(outwards[:, 5]).tolist() == [0]
    assert np.flatnonzero(beside[:, 10]).tolist() == [6, 14]


def test_parts_cover_every_joint_once() -> None:
    for skeleton in (HAND, BODY):
        joints = sorted(joint for part in skeleton.parts for joint in part)
        assert joints == list(range(len(skeleton.graph.distances)))
        assert len(skeleton.parts) == len(skeleton.pooled.distances)
