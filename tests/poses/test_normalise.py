from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpt_sign.poses.layouts import NAMES, UNORDERED
from mmpt_sign.poses.names import BODY
from mmpt_sign.poses.normalise import (
    SHOULDERS,
    WAYS,
    by_shoulders,
    in_one_unit,
    normalised,
    only_confident,
    without_legs,
)
from mmpt_sign.poses.read import read
from mmpt_sign.poses.select import select
from tests.poses.clips import check, clip_of, same, signer

LAYOUTS = [name for name in NAMES if name != UNORDERED]
KEEPING = [way for way in WAYS if way != "hand_plane"]


@given(st.sampled_from(list(WAYS)), st.sampled_from(LAYOUTS), st.sampled_from([0.0, 0.3, 0.97, 1.0]), st.integers(0, 9))
def test_always_finite_and_never_written_to(way: str, name: str, missing: float, seed: int) -> None:
    clip = clip_of(name, 5, missing=missing, seed=seed)
    before = clip.data.copy(), clip.confidence.copy()
    check(normalised(clip, way))
    np.testing.assert_array_equal(clip.data, before[0])
    np.testing.assert_array_equal(clip.confidence, before[1])


@given(st.sampled_from(KEEPING), st.sampled_from(LAYOUTS), st.floats(0.1, 100), st.floats(-50, 50), st.integers(0, 9))
def test_place_and_size_of_the_signer_do_not_matter(way: str, name: str, size: float, move: float, seed: int) -> None:
    clip = clip_of(name, 5, seed=seed)
    seen = (clip.confidence > 0)[..., None]
    elsewhere = clip.with_data(((clip.data * size + move) * seen).astype(np.float32))
    expected = normalised(clip, way).data
    scale = max(float(np.abs(expected).max()), 1.0)
    np.testing.assert_allclose(normalised(elsewhere, way).data / scale, expected / scale, atol=2e-3)


@pytest.mark.parametrize("dims", [2, 3])
def test_shoulders_come_to_zero_and_one(dims: int) -> None:
    clip = by_shoulders(clip_of("holistic_203", dims=dims))
    left, right = (clip.layout.position[name] for name in SHOULDERS)
    seen = (clip.confidence[:, left] > 0) & (clip.confidence[:, right] > 0)
    a, b = clip.data[seen, left], clip.data[seen, right]
    np.testing.assert_allclose(((a + b) / 2).mean(0), 0, atol=1e-6)
    assert np.linalg.norm(a - b, axis=-1).mean() == pytest.approx(1, abs=1e-6)


def test_normalising_and_selecting_may_change_places() -> None:
    clip = clip_of("holistic_543")
    selected = select(by_shoulders(clip), "reduced_face")
    np.testing.assert_allclose(by_shoulders(select(clip, "reduced_face")).data, selected.data, atol=1e-6)


def test_one_frame_without_shoulders_does_not_spoil_the_clip() -> None:
    clip = clip_of("holistic_203", missing=0)
    confidence = clip.confidence.copy()
    confidence[4, 11] = 0
    holed = clip.with_data(clip.data * (confidence > 0)[..., None], confidence)
    assert (by_shoulders(holed).confidence > 0).sum() == 12 * 203 - 1
    assert np.abs(by_shoulders(holed).data).max() < 100


def test_hands_have_length_one_and_keep_their_path() -> None:
    clip = normalised(signer(), "hands")
    at = clip.layout.position
    wrist, knuckle = (clip.data[:, at[f"RIGHT_HAND_LANDMARKS.{name}"]] for name in ("WRIST", "MIDDLE_FINGER_MCP"))
    np.testing.assert_allclose(wrist.mean(0), 0, atol=1e-5)
    assert np.linalg.norm(knuckle - wrist, axis=-1).mean() == pytest.approx(1, abs=1e-5)
    assert np.abs(wrist).max() > 0.05


def test_every_hand_may_have_its_own_origin_in_every_frame() -> None:
    clip = clip_of("hands_42", missing=0)
    for way in ("wrist", "wrist_per_frame"):
        moved = normalised(clip, way)
        assert not moved.data[:, [0, 21]].any()
        lengths = np.linalg.norm(moved.data[:, [9, 30]], axis=-1)
        assert lengths.mean() == pytest.approx(1, abs=1e-5)
        assert np.allclose(lengths, 1) == (way == "wrist_per_frame")


def test_without_shoulders_hands_stand_in_at_about_the_same_size() -> None:
    clip = select(signer(), "hands")
    length = np.linalg.norm(
        (normalised(clip, "shoulders").data[:, 30] - normalised(clip, "shoulders").data[:, 21]), axis=-1
    )
    assert length.mean() == pytest.approx(1 / 3.6, abs=1e-4)


def test_points_on_one_spot_stay_finite() -> None:
    clip = clip_of("holistic_203", missing=0)
    check(normalised(clip.with_data(np.full_like(clip.data, 7)), "shoulders"))


def test_depth_is_brought_to_one_unit_once() -> None:
    clip = replace(clip_of("hand_21"), unit_scale=(1.0, 1.0, 320.0))
    scaled = in_one_unit(clip)
    np.testing.assert_allclose(scaled.data[..., 2], clip.data[..., 2] * 320, rtol=1e-6)
    np.testing.assert_array_equal(scaled.data[..., :2], clip.data[..., :2])
    assert same(in_one_unit(scaled), scaled)


def test_legs_are_missing_and_hips_stay() -> None:
    clip = without_legs(clip_of("holistic_203", missing=0))
    check(clip)
    assert not clip.data[:, 25:33].any()
    assert not clip.confidence[:, 25:33].any()
    assert clip.confidence[:, 23:25].all()
    assert (clip.confidence > 0).sum() == 12 * 195
    assert without_legs(clip_of("hands_42")) is not None


def test_unsure_points_can_be_missing() -> None:
    clip = clip_of("holistic_203")
    sure = only_confident(clip, 0.5)
    check(sure)
    np.testing.assert_array_equal(sure.confidence > 0, clip.confidence >= 0.5)


@pytest.mark.shared
def test_the_published_figures_of_the_sample(shared_data: Path) -> None:
    clip = by_shoulders(select(read(shared_data / "pose_files/house.pose"), "reduced_face"))
    seen = clip.confidence > 0
    assert clip.data.shape == (73, 203, 3)
    np.testing.assert_allclose(clip.data[seen].std(0), [0.219, 0.907, 0.0028], atol=6e-4)
    assert 1 - seen.mean() == pytest.approx(0.118, abs=5e-4)
    hands = clip.layout.position
    assert 1 - seen[:, hands["RIGHT_HAND_LANDMARKS.WRIST"]].mean() == pytest.approx(0.507, abs=1e-3)
    assert 1 - seen[:, hands["LEFT_HAND_LANDMARKS.WRIST"]].mean() == pytest.approx(0.630, abs=1e-3)
    assert clip.take((f"{BODY}.NOSE",)).confidence.all()


@pytest.mark.shared
def test_scaled_depth_is_as_large_as_the_rest(shared_data: Path) -> None:
    for path in sorted((shared_data / "pose_files").glob("*.pose")):
        clip = read(path)
        if clip.data.shape[-1] == 3 and "normalized" not in path.stem:
            hand = normalised(select(in_one_unit(clip), "dominant_hand"), "wrist")
            x, y, z = hand.data[hand.confidence > 0].std(0)
            assert 0.1 < z / np.hypot(x, y) < 1, path.name
