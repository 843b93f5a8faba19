"""The keys ``flip`` and ``anonymise`` of the pose stream."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.flip import has_constant_right_hand, mirror
from mmpt_sign.poses.names import BODY, RIGHT_HAND
from mmpt_sign.poses.read import read
from tests.poses.clips import same, signer
from tests.streams.test_pose import stream


def certain(clip: Clip) -> Clip:
    """As sources without confidences come: a point is there or not."""
    return clip.with_data(clip.data, (clip.confidence > 0).astype(np.float32))


def test_left_handed_clips_are_mirrored_and_say_so() -> None:
    part = stream(flip="left_handed").fixed_to(signer().layout)
    right, left = signer(), signer(left=True)
    assert (part.is_mirrored(right), part.is_mirrored(left)) == (False, True)
    assert same(part.prepare(left), stream().fixed_to(left.layout).prepare(mirror(left)))
    assert same(part.prepare(right), stream().fixed_to(right.layout).prepare(right))
    assert not stream().fixed_to(left.layout).is_mirrored(left)


def test_the_original_mirrors_missing_hands_of_sources_without_confidences_only() -> None:
    part = stream(flip="zero_variance_unmasked")
    left = signer(left=True)
    assert ((left.confidence > 0) & (left.confidence < 1)).any()
    assert not part.is_mirrored(left)
    assert part.is_mirrored(certain(left))
    assert not part.is_mirrored(certain(signer()))


def test_a_right_hand_of_equal_numbers_has_no_variance() -> None:
    clip = signer()
    data = clip.data.copy()
    data[:, list(clip.layout.components[RIGHT_HAND])] = 7.0
    assert has_constant_right_hand(clip.with_data(data))
    assert not has_constant_right_hand(clip)
    assert not has_constant_right_hand(clip.take((f"{BODY}.NOSE",)))


def test_models_of_before_keep_their_meaning() -> None:
    assert stream(dominant=True).flip == "left_handed"
    assert stream(dominant=False).flip == "never"
    assert "dominant" not in stream(dominant=True).model_dump()
    with pytest.raises(ValidationError, match="dominant"):
        stream(dominant="sometimes")


def test_anonymise_hides_the_build_before_normalising() -> None:
    pytest.importorskip("pose_anonymization")
    clip = signer()
    nose = clip.layout.position[f"{BODY}.NOSE"]
    longer = clip.data.copy()
    longer[:, nose, 1] -= 60
    plain, hidden = (stream(anonymise=given).fixed_to(clip.layout) for given in (False, True))
    place = plain.prepare(clip).layout.position[f"{BODY}.NOSE"]
    moved = [
        np.abs(part.prepare(clip.with_data(longer)).data - part.prepare(clip).data)[:, place].max()
        for part in (plain, hidden)
    ]
    assert moved[0] > 0.1
    assert moved[1] < 1e-4
    assert hidden.width == plain.width


def test_anonymise_knows_the_shoulders_even_where_only_hands_are_chosen() -> None:
    pytest.importorskip("pose_anonymization")
    clip = signer()
    part = stream(points="hands", normalise="hands", anonymise=True).fixed_to(clip.layout)
    plain = stream(points="hands", normalise="hands").fixed_to(clip.layout)
    np.testing.assert_allclose(part.prepare(clip).data, plain.prepare(clip).data, atol=1e-3)


def test_a_point_missing_in_the_first_frame_is_gone_as_in_the_original() -> None:
    pytest.importorskip("pose_anonymization")
    clip = signer()
    nose = clip.layout.position[f"{BODY}.NOSE"]
    confidence = clip.confidence.copy()
    confidence[0, nose] = 0
    late = clip.with_data(clip.data * (confidence > 0)[..., None], confidence)
    original, ours = (
        stream(anonymise=given).fixed_to(clip.layout).prepare(late).confidence[:, nose]
        for given in ("first_frame", True)
    )
    assert not original.any()
    assert (ours[1:] > 0).all()


@pytest.mark.shared
def test_real_clips_of_every_estimator_pass(shared_data: Path) -> None:
    pytest.importorskip("pose_anonymization")
    for path in sorted((shared_data / "pose_files").glob("*.pose")):
        clip = read(path)
        part = stream(points="full", anonymise=True, flip="left_handed").fixed_to(clip.layout)
        frames = part.encode(part.prepare(clip))
        assert np.isfinite(frames).all(), path.name
        assert frames.any(), path.name
