from __future__ import annotations

import subprocess
import sys
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from mmpt_sign.config.named import StreamPart
from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.poses.describe import BLOCKS
from mmpt_sign.poses.flip import mirror
from mmpt_sign.poses.layouts import NAMES, UNORDERED, layout
from mmpt_sign.poses.normalise import WAYS, by_shoulders
from mmpt_sign.poses.select import SELECTIONS
from mmpt_sign.streams.pose import Block, Pose, Way
from tests.poses.clips import check, clip_of, same, signer

RECIPE: dict[str, Any] = {
    "points": "dominant_hand", "normalise": "hands", "drop_empty": True, "thin_to": 24,
    "features": ["shape", "path", "velocity", "presence"],
    "augment": {"crop": 0.3, "temporal": {"law": "log_uniform", "deviation": 0.5}, "rotate3d": 0.25, "noise": 0.02},
}  # fmt: skip


def stream(**options: Any) -> Pose:
    return Pose.model_validate({"kind": "pose", **options})


@pytest.mark.parametrize(
    ("options", "layout_name", "expected"),
    [
        ({}, "holistic_586", 609),
        ({"dims": 2}, "holistic_586", 406),
        ({"missing": "flag"}, "holistic_586", 609 + 203),
        ({"points": "full"}, "holistic_543", 1629),
        ({"points": "full"}, "holistic_178", 534),
        ({"points": ["RIGHT_HAND_LANDMARKS"]}, "holistic_543", 63),
        ({"points": "hands"}, "body25_hands_67", 126),
        ({"points": "asl_signs_face"}, "holistic_543", 453),
        (RECIPE, "holistic_586", 65),
        ({"points": "hands", "features": "hand_shape"}, "hands_42", 130),
    ],
)
def test_widths(options: dict[str, Any], layout_name: str, expected: int) -> None:
    part = stream(**options).fixed_to(layout(layout_name))
    frames = part.encode(part.prepare(clip_of(layout_name)))
    assert part.width == frames.shape[1] == expected


@given(
    st.sampled_from([*SELECTIONS, "full"]), st.sampled_from([*WAYS, "none"]), st.sampled_from(list(BLOCKS)),
    st.sampled_from([name for name in NAMES if name != UNORDERED]), st.sampled_from([0.1, 0.6, 1.0]), st.data(),
)  # fmt: skip
def test_every_combination_gives_finite_numbers_or_says_why_not(
    points: str, way: str, block: str, name: str, missing: float, data: st.DataObject
) -> None:
    try:
        part = stream(
            points=points, normalise=way, features=[block], dims=data.draw(st.sampled_from([2, 3])),
            flip=data.draw(st.sampled_from(["never", "left_handed", "zero_variance_unmasked"])),
            anonymise=data.draw(st.sampled_from([False, True, "first_frame"])),
            drop_empty=data.draw(st.sampled_from([False, True, "ends"])),
            missing=data.draw(st.sampled_from(["zero", "flag"])), stride=data.draw(st.sampled_from([1, 3])),
            fps=data.draw(st.sampled_from([None, 15.0])), min_confidence=data.draw(st.sampled_from([0.0, 0.5])),
            augment={"affine": True, "temporal": True, "flip": True, "noise": 0.1},
        ).fixed_to(layout(name))  # fmt: skip
    except (ConfigError, DataError, ValidationError):
        return
    clip = clip_of(name, data.draw(st.integers(1, 9)), missing=missing)
    before = clip.data.copy()
    prepared = part.prepare(clip)
    check(prepared)
    assert same(prepared, part.prepare(clip))
    assert prepared.layout.points == part.point_names
    kept = prepared.data.copy()
    for rng in (None, np.random.default_rng(0)):
        frames = part.encode(prepared, rng)
        assert frames.dtype == np.float32
        assert frames.shape[1] == part.width
        assert len(frames) >= 1
        assert np.isfinite(frames).all()
    np.testing.assert_array_equal(clip.data, before)
    np.testing.assert_array_equal(prepared.data, kept)


def test_lists_of_choices_are_complete() -> None:
    assert set(get_args(Block)) == set(BLOCKS)
    assert set(get_args(Way)) == {*WAYS, "none"}


def test_the_default_is_the_original_but_for_depth() -> None:
    clip = signer()
    part = stream().fixed_to(clip.layout)
    prepared = part.prepare(clip)
    np.testing.assert_array_equal(prepared.data[:, :25], by_shoulders(clip).take(prepared.layout.points).data[:, :25])
    assert not prepared.data[:, 25:33].any()
    assert part.prepare(clip.take(tuple(reversed(clip.layout.points)))).data.tolist() == prepared.data.tolist()


def test_a_hand_is_normalised_by_the_shoulders_of_its_body() -> None:
    clip = signer()
    hand = stream(points="right_hand").fixed_to(clip.layout).prepare(clip)
    np.testing.assert_allclose(hand.data, by_shoulders(clip).take(hand.layout.points).data, atol=1e-6)


@pytest.mark.parametrize("way", ["shoulders", "hands", "wrist", "none"])
def test_a_left_handed_signer_looks_like_a_right_handed_one(way: str) -> None:
    clip = signer()
    part = stream(points="dominant_hand", normalise=way).fixed_to(clip.layout)
    np.testing.assert_allclose(part.prepare(mirror(clip)).data, part.prepare(clip).data, atol=1e-5)
    kept = stream(points="hands", normalise=way).fixed_to(clip.layout)
    assert np.abs(kept.prepare(mirror(clip)).data - kept.prepare(clip).data).max() > 0.1
    turned = stream(points="hands", normalise=way, flip="left_handed").fixed_to(clip.layout)
    np.testing.assert_allclose(turned.prepare(mirror(clip)).data, turned.prepare(clip).data, atol=1e-5)


def test_other_layouts_map_by_name_and_lack_what_they_lack() -> None:
    part = stream().fixed_to(layout("holistic_586"))
    frames = part.encode(part.prepare(clip_of("hands_42")))
    assert frames.shape == (12, 609)
    assert not frames[:, : 161 * 3].any()
    assert frames[:, 161 * 3 :].any()
    with pytest.raises(DataError, match="none of the model's points"):
        stream(points="body").fixed_to(layout("holistic_203")).prepare(clip_of("hands_42"))


def test_clips_without_depth_feed_a_model_with_depth_and_the_other_way_round() -> None:
    deep = stream().fixed_to(layout("holistic_203"))
    assert not deep.prepare(clip_of(dims=2)).data[..., 2].any()
    flat = stream(dims=2).fixed_to(layout("holistic_203"))
    assert flat.encode(flat.prepare(clip_of())).shape == (12, 406)


def test_depth_is_scaled_unless_raw() -> None:
    clip = signer()
    flat = clip.with_data(clip.data * np.array([1, 1, 0.002], np.float32))
    flat = type(clip)(flat.data, clip.confidence, clip.layout, 25.0, (1.0, 1.0, 500.0))
    scaled, raw = (stream(z=z).fixed_to(clip.layout).prepare(flat).data.std((0, 1)) for z in ("scaled", "raw"))
    np.testing.assert_allclose(scaled, stream().fixed_to(clip.layout).prepare(clip).data.std((0, 1)), rtol=1e-3)
    assert raw[2] < 0.01 * raw[0]


def test_frames_are_chosen_and_thinned() -> None:
    clip = signer(40)
    lengths = {name: len(stream(**options).fixed_to(clip.layout).prepare(clip)) for name, options in RATES.items()}
    assert lengths == {"fps": 20, "stride": 14, "both": 20}
    thin = stream(thin_to=16).fixed_to(clip.layout)
    assert len(thin.encode(thin.prepare(clip))) == 16
    assert len(thin.encode(thin.prepare(clip.frames(0, 9)))) == 9


RATES: dict[str, dict[str, Any]] = {
    "fps": {"fps": 12.5}, "stride": {"stride": 3}, "both": {"fps": 50.0, "stride": 4},
}  # fmt: skip


def test_flags_tell_missing_from_zero() -> None:
    clip = clip_of("hand_21")
    part = stream(points="right_hand", normalise="hands", missing="flag").fixed_to(clip.layout)
    frames = part.encode(part.prepare(clip))
    np.testing.assert_array_equal(frames[:, 63:], clip.confidence > 0)


def test_augmentations_are_built_in_order_by_name() -> None:
    part = stream(augment={"flip": {"p": 0.3}, "affine": 0.1, "noise": True, "crop": False, "shift": None, "scale": 0})
    assert list(part.augment) == ["flip", "affine", "noise", "scale"]
    given = part.model_dump()["augment"]
    assert (given["flip"]["p"], given["affine"]["strength"], given["scale"]["deviation"]) == (0.3, 0.1, 0)
    again = stream(**part.model_dump())
    assert again == part
    assert again.model_dump() == part.model_dump()
    twice = stream(augment={"first": {"name": "noise", "deviation": 0.5}, "second": {"name": "noise"}})
    assert [step["name"] for step in twice.model_dump()["augment"].values()] == ["noise", "noise"]


def test_order_of_augmentations_matters_and_draws_repeat() -> None:
    clip = clip_of("holistic_203", 20)
    one, other = (stream(augment=dict(steps)).fixed_to(clip.layout) for steps in (ORDER, ORDER[::-1]))
    first = one.encode(one.prepare(clip), np.random.default_rng(4))
    np.testing.assert_array_equal(first, one.encode(one.prepare(clip), np.random.default_rng(4)))
    assert not np.allclose(first, other.encode(other.prepare(clip), np.random.default_rng(4)))
    assert not np.allclose(first, one.encode(one.prepare(clip)))


ORDER = [("shift", 0.5), ("scale", 0.5)]


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"augment": {"afine": 0.2}}, "afine"),
        ({"augment": {"flip": {"prob": 0.2}}}, "prob"),
        ({"features": ["shap"]}, "shap"),
        ({"features": []}, "features"),
        ({"normalise": "hand"}, "normalise"),
        ({"normalise": "hand_plane", "dims": 2}, "needs dims: 3"),
        ({"stride": 0}, "stride"),
        ({"pointz": "hands"}, "pointz"),
    ],
)
def test_mistakes_are_found_before_anything_is_read(options: dict[str, Any], match: str) -> None:
    with pytest.raises(ValidationError, match=match):
        TypeAdapter(StreamPart).validate_python({"kind": "pose", **options})


def test_impossible_recipes_are_explained_when_the_data_are_known() -> None:
    with pytest.raises(ConfigError, match="no whole hand"):
        stream(points="body", features=["shape", "presence"]).fixed_to(layout("holistic_203"))
    with pytest.raises(ConfigError, match="hand_plane needs a whole hand"):
        stream(points="body", normalise="hand_plane").fixed_to(layout("holistic_203"))
    with pytest.raises(ConfigError, match="does not know its points yet"):
        _ = stream().width
    fixed = stream().fixed_to(layout("holistic_203"))
    assert fixed.fixed_to(layout("hands_42")) is fixed


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys, mmpt_sign.streams.pose, mmpt_sign.streams.features, mmpt_sign.registry as r, mmpt_sign.poses;"
        "[r.find('augmentation', n) for n in r.names('augmentation')];"
        "print([m for m in ('torch', 'scipy', 'mediapipe', 'pose_format', 'pandas') if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
