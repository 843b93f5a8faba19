"""What holds for every augmentation, and what each one does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

import mmpt_sign
from mmpt_sign.config.contracts import Augmentation
from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.flip import mirror
from mmpt_sign.registry import find, names
from tests.poses.clips import check, clip_of, same

NOTHING: dict[str, dict[str, Any]] = {
    "affine": {"strength": 0},
    "crop": {"most": 0},
    "flip": {"p": 0},
    "frame_dropout": {"p": 0},
    "noise": {"deviation": 0},
    "point_dropout": {"p": 0},
    "rotate3d": {"angle": 0},
    "scale": {"deviation": 0},
    "shift": {"deviation": 0},
    "temporal": {"deviation": 0},
}
LONGER_OR_SHORTER = ("crop", "temporal")
LAYOUTS = ("holistic_203", "hands_42", "hand_21")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_list_is_complete() -> None:
    assert sorted(NOTHING) == names("augmentation")


@given(st.sampled_from(sorted(NOTHING)), st.sampled_from(LAYOUTS), st.sampled_from([2, 3]), st.integers(0, 20))
def test_every_one_keeps_clips_whole(name: str, layout: str, dims: int, seed: int) -> None:
    part: Augmentation = mmpt_sign.build("augmentation", name=name)
    clip = clip_of(layout, 15, dims=dims, seed=seed)
    before = clip.data.copy(), clip.confidence.copy()
    changed = part(clip, rng(seed))
    check(changed)
    assert same(changed, part(clip, rng(seed)))
    np.testing.assert_array_equal(clip.data, before[0])
    np.testing.assert_array_equal(clip.confidence, before[1])
    if name not in LONGER_OR_SHORTER:
        assert len(changed) == len(clip)
        assert not (changed.confidence > 0).sum() > (clip.confidence > 0).sum()


@given(st.sampled_from(sorted(NOTHING)), st.integers(1, 3))
def test_the_shortest_clips_survive(name: str, frames: int) -> None:
    for seed in range(5):
        check(mmpt_sign.build("augmentation", name=name)(clip_of("hand_21", frames), rng(seed)))


@pytest.mark.parametrize("name", sorted(NOTHING))
def test_no_strength_is_no_change(name: str) -> None:
    clip = clip_of()
    assert same(mmpt_sign.build("augmentation", name=name, **NOTHING[name])(clip, rng()), clip)


@pytest.mark.parametrize("name", sorted(NOTHING))
def test_a_bare_number_and_nothing_stand_for_options(name: str) -> None:
    part = find("augmentation", name)
    key = next(iter(NOTHING[name]))
    assert part.model_validate(0.25) == part(**{key: 0.25})
    assert part.model_validate(True) == part.model_validate(None) == part()
    for wrong in ({"stength": 1}, -0.5, "much"):
        with pytest.raises(ValidationError):
            part.model_validate(wrong)


def drawn(name: str, measure: Callable[[Clip, Clip], float], **options: Any) -> np.ndarray:  # type: ignore[type-arg]
    """A figure of 300 draws on a clip of which nothing is missing."""
    clip, part = clip_of("hand_21", 40, missing=0), mmpt_sign.build("augmentation", name=name, **options)
    return np.array([measure(clip, part(clip, rng(seed))) for seed in range(300)])


def linear_map(before: Clip, after: Clip) -> np.ndarray:  # type: ignore[type-arg]
    points = before.data.reshape(-1, 3)
    found: np.ndarray = np.linalg.lstsq(points, after.data.reshape(-1, 3), rcond=None)[0]  # type: ignore[type-arg]
    return found


def test_affine_is_shear_times_rotation_times_scale() -> None:
    """Row vectors times [[1, s], [0, 1]] times the rotation times diag(1, 1 + f), as the library's ``augment2d``."""
    clip = clip_of("hand_21", missing=0)
    for seed in range(5):
        shear, angle, factor = rng(seed).normal(size=3) * 0.2
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        expected = np.eye(3)
        expected[:2, :2] = np.array([[1, shear], [0, 1]]) @ turn @ np.diag([1, 1 + factor])
        after = mmpt_sign.build("augmentation", name="affine")(clip, rng(seed))
        np.testing.assert_allclose(linear_map(clip, after), expected, atol=1e-5)


def test_affine_has_the_law_of_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    from pose_format.numpy import NumPyPoseBody

    clip = clip_of("hand_21", missing=0)
    draws = iter(rng(3).normal(size=3) * 0.2)
    monkeypatch.setattr(np.random, "normal", lambda **_: np.array([next(draws)]))
    theirs = NumPyPoseBody(25, clip.data[:, None], clip.confidence[:, None]).augment2d().data.data[:, 0]
    np.testing.assert_allclose(mmpt_sign.build("augmentation", name="affine")(clip, rng(3)).data, theirs, atol=1e-5)


def test_rotations_keep_lengths() -> None:
    clip = clip_of(missing=0)
    turned = mmpt_sign.build("augmentation", name="rotate3d")(clip, rng())
    np.testing.assert_allclose(np.linalg.norm(turned.data, axis=-1), np.linalg.norm(clip.data, axis=-1), rtol=1e-4)
    flat = mmpt_sign.build("augmentation", name="rotate3d", axes=["z"])(clip, rng())
    np.testing.assert_array_equal(flat.data[..., 2], clip.data[..., 2])


def test_scale_and_shift_are_of_the_whole_clip() -> None:
    clip = clip_of(missing=0)
    factors = mmpt_sign.build("augmentation", name="scale")(clip, rng()).data / clip.data
    np.testing.assert_allclose(factors, factors[:1, :1] * np.ones_like(factors), rtol=1e-4)
    offset = mmpt_sign.build("augmentation", name="shift")(clip, rng()).data - clip.data
    np.testing.assert_allclose(offset, offset[:1, :1] * np.ones_like(offset), atol=1e-5)


def test_noise_has_its_strength() -> None:
    spread = drawn("noise", lambda before, after: float((after.data - before.data).std()), deviation=0.05)
    assert spread.mean() == pytest.approx(0.05, rel=0.01)


def test_flip_is_the_mirror_image_at_its_rate() -> None:
    clip = clip_of()
    assert same(mmpt_sign.build("augmentation", name="flip", p=1)(clip, rng()), mirror(clip))
    flipped = drawn("flip", lambda before, after: float(not same(before, after)), p=0.2)
    assert 0.1 < flipped.mean() < 0.3


def test_crop_keeps_a_piece() -> None:
    clip = clip_of("hand_21", 40)
    for seed in range(20):
        piece = mmpt_sign.build("augmentation", name="crop", most=0.5)(clip, rng(seed))
        start = int(np.flatnonzero((clip.data == piece.data[0]).all((1, 2)))[0])
        assert same(piece, clip.frames(start, start + len(piece)))
        assert 20 <= len(piece) <= 40


def test_frame_dropout_blanks_one_stretch() -> None:
    clip = clip_of("hand_21", 40, missing=0)
    lost = [
        np.flatnonzero(~mmpt_sign.build("augmentation", name="frame_dropout", p=1)(clip, rng(s)).confidence.any(1))
        for s in range(20)
    ]
    assert max(map(len, lost)) > 4
    assert all(len(frames) <= 12 and (np.diff(frames) == 1).all() for frames in lost)


def test_point_dropout_takes_points_or_components() -> None:
    clip = clip_of("holistic_203", missing=0)
    points = mmpt_sign.build("augmentation", name="point_dropout", p=0.3)(clip, rng()).confidence
    assert ((points > 0).all(0) | (points == 0).all(0)).all()
    assert 0.2 < (points == 0).mean() < 0.4
    whole = mmpt_sign.build("augmentation", name="point_dropout", p=0, whole=0.5)(clip, rng()).confidence
    states = {
        name: {bool(x) for x in whole[:, list(indices)].ravel()} for name, indices in clip.layout.components.items()
    }
    assert all(len(state) == 1 for state in states.values())


def test_temporal_laws() -> None:
    def ratio(before: Clip, after: Clip) -> float:
        return len(after) / len(before)

    normal = drawn("temporal", ratio)
    assert normal.mean() == pytest.approx(1, abs=0.05)
    assert normal.std() == pytest.approx(0.2, abs=0.03)
    even = drawn("temporal", ratio, law="log_uniform", deviation=0.5)
    assert (even.min(), even.max()) == pytest.approx((1 / 1.5, 1.5), abs=0.03)
    rates = drawn("temporal", lambda before, after: after.fps, whole_fps=True)
    assert np.abs(rates - rates.round()).max() < 0.35  # 40 frames at whole rates of 25: within a frame of them


def test_temporal_leaves_what_would_become_too_long() -> None:
    clip = clip_of("hand_21", 40)
    lengths = {len(mmpt_sign.build("augmentation", name="temporal", longest=41)(clip, rng(seed))) for seed in range(50)}
    assert max(lengths) <= 41
    assert min(lengths) < 35
