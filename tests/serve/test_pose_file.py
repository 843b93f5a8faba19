"""A clip as a file of its own, and read again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mmpt_sign.poses.clip import Layout
from mmpt_sign.poses.read import read
from mmpt_sign.serve.pose_file import pose_file
from tests.poses.clips import clip_of, same, signer


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("name", ["holistic_543", "holistic_203", "hand_21"])
def test_it_is_the_same_clip_again(name: str, dims: int) -> None:
    clip = replace(clip_of(name, dims=dims), fps=12.5)
    again = read(pose_file(clip))
    assert same(clip, again)
    assert (again.fps, again.unit_scale) == (12.5, (1, 1, 1))


def test_the_unit_of_depth_survives() -> None:
    clip = signer()
    data = clip.data.copy()
    data[..., 2] /= 640
    clip = replace(clip, data=data, unit_scale=(1.0, 1.0, 640.0))
    again = read(pose_file(clip))
    assert same(clip, again)
    assert again.unit_scale == (1, 1, 640)


def test_points_of_a_component_may_be_apart() -> None:
    clip = clip_of("hand_21", missing=0.0)
    names = ("BODY.NOSE", *(f"RIGHT_HAND_LANDMARKS.{n}" for n in range(19)), "BODY.NECK")
    clip = replace(clip, layout=Layout(names))
    again = read(pose_file(clip))
    assert sorted(again.layout.points) == sorted(names)
    np.testing.assert_array_equal(again.take(names).data, clip.data)
