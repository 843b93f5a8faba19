from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.describe import BLOCKS, describe, width
from mmpt_sign.poses.layouts import NAMES, UNORDERED, layout
from tests.poses.clips import clip_of

HAND_BLOCKS = ("shape", "turned_shape", "change", "tips")


@given(st.sampled_from(list(BLOCKS)), st.sampled_from(NAMES), st.sampled_from([2, 3]), st.sampled_from([0.0, 0.4, 1.0]))
def test_widths_and_finite_numbers(block: str, name: str, dims: int, missing: float) -> None:
    clip = clip_of("hands_42" if name == UNORDERED else name, 4, missing=missing, dims=dims)
    before = clip.data.copy()
    found = describe(clip, [block])
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert found.shape == (4, width(clip.layout.points, dims, (block,)))
    np.testing.assert_array_equal(clip.data, before)


@pytest.mark.parametrize(
    ("name", "expected"), [("holistic_203", 609), ("holistic_178", 534), ("hand_21", 63), ("hands_42", 126)]
)
def test_coordinates_are_laid_out_point_by_point(name: str, expected: int) -> None:
    clip = clip_of(name)
    found = describe(clip, ["coordinates"])
    assert found.shape == (12, expected)
    np.testing.assert_array_equal(found[5, 3:6], clip.data[5, 1])


@pytest.mark.parametrize(
    ("block", "per_hand"),
    [("shape", 60), ("turned_shape", 60), ("change", 60), ("tips", 10), ("path", 2), ("velocity", 2), ("presence", 1)],
)
def test_blocks_of_hands(block: str, per_hand: int) -> None:
    assert width(layout("hand_21").points, 3, (block,)) == per_hand
    assert width(layout("holistic_203").points, 3, (block,)) == 2 * per_hand
    assert width(layout("holistic_203").points[:33], 3, (block,)) == 0


def test_blocks_stand_side_by_side_in_order() -> None:
    clip = clip_of("hands_42")
    both = describe(clip, ["presence", "shape"])
    np.testing.assert_array_equal(both[:, :2], describe(clip, ["presence"]))
    np.testing.assert_array_equal(both[:, 2:], describe(clip, ["shape"]))


@pytest.mark.parametrize("block", HAND_BLOCKS)
def test_shapes_do_not_see_where_and_how_large_the_hand_is(block: str) -> None:
    clip = clip_of("hands_42", missing=0)
    np.testing.assert_allclose(describe(clip.with_data(clip.data * 7 + 3), [block]), describe(clip, [block]), atol=1e-4)


@pytest.mark.parametrize("dims", [2, 3])
def test_turned_shapes_do_not_see_how_the_hand_is_turned(dims: int) -> None:
    clip = clip_of("hands_42", missing=0, dims=dims)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(dims, dims)))[0]
    turn *= np.sign(np.linalg.det(turn))
    turned = clip.turned(turn if dims == 3 or np.linalg.det(turn) > 0 else -turn)
    if dims == 2:
        turned = clip.turned(np.array([[0.6, -0.8], [0.8, 0.6]]))
    np.testing.assert_allclose(describe(turned, ["turned_shape"]), describe(clip, ["turned_shape"]), atol=1e-4)
    assert np.abs(describe(turned, ["shape"]) - describe(clip, ["shape"])).max() > 0.1


def test_path_velocity_presence() -> None:
    clip = clip_of("hand_21", 5, missing=0)
    confidence = clip.confidence.copy()
    confidence[3] = 0
    clip = clip.with_data(clip.data * (confidence > 0)[..., None], confidence)
    np.testing.assert_array_equal(describe(clip, ["path"]), clip.data[:, 0, :2])
    velocity = describe(clip, ["velocity"])
    np.testing.assert_allclose(velocity[1:3], np.diff(clip.data[:3, 0, :2], axis=0))
    assert not velocity[[0, 3, 4]].any()  # no step into a gap or out of it
    assert describe(clip, ["presence"]).ravel().tolist() == [1, 1, 1, 0, 1]


def test_the_body_block_leaves_hands_and_face_out() -> None:
    clip: Clip = clip_of("holistic_203")
    np.testing.assert_array_equal(describe(clip, ["body"]), clip.data[:, :33].reshape(12, -1))
    np.testing.assert_array_equal(describe(clip, ["seen"]), clip.confidence > 0)
