"""The made-up signer: the same clip each time, points of a body, and words that are where it says they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.layouts import layout
from mmpt_sign.poses.names import BODY, LEFT_HAND, RIGHT_HAND
from mmpt_sign.poses.signer.appearance import Appearance
from mmpt_sign.poses.signer.body import body
from mmpt_sign.poses.signer.signing import Signing, World
from mmpt_sign.poses.signer.words import PLACE, word

QUIET = World(seed=4, noise=0, missing=0, accent=0)
RIGHT = next(k for k in range(50) if not body(4, k).left_handed)
LEFT = next(k for k in range(50) if body(4, k).left_handed)


def place(clip: Clip, name: str) -> NDArray[np.float32]:
    return clip.data[:, clip.layout.position[name], :2]


def bones(clip: Clip, hand: str) -> NDArray[np.float64]:
    """Lengths in three dimensions of the first bones of all fingers over time, in the hand's own frame."""
    own = clip.data[:, list(clip.layout.components[hand])].astype(np.float64)
    lengths: NDArray[np.float64] = np.linalg.norm(own[:, 2::4] - own[:, 1::4], axis=-1)
    return lengths


def test_a_clip_is_the_same_each_time_and_as_long_as_said() -> None:
    signing = Signing(World(), (0, 3, 9), 2, 1)
    again = Signing(World(), (0, 3, 9), 2, 1)
    clip = signing.clip()
    assert clip.layout == layout("body25_hands_67")
    np.testing.assert_array_equal(clip.data, again.clip().data)
    assert len(clip) == signing.frames == signing.spans()[1]
    assert np.isfinite(clip.data).all()
    assert repr(signing) == repr(again)
    for other in (replace(signing, take=2), replace(signing, signer=3), replace(signing, world=World(seed=2))):
        changed = other.clip().data
        assert changed.shape != clip.data.shape or not np.allclose(changed, clip.data, atol=1e-3)


def test_bones_keep_their_length_and_arms_end_in_hands() -> None:
    clip = Signing(QUIET, (1, 2, 3, 4), RIGHT, 0).clip()
    for hand, wrist in ((RIGHT_HAND, "RIGHT_WRIST"), (LEFT_HAND, "LEFT_WRIST")):
        lengths = bones(clip, hand)
        np.testing.assert_allclose(lengths, lengths[:1].repeat(len(lengths), 0), rtol=1e-3)
        np.testing.assert_allclose(place(clip, f"{hand}.WRIST"), place(clip, f"{BODY}.{wrist}"), atol=1e-6)


def test_the_hand_is_where_the_word_puts_it_in_the_middle_of_its_span() -> None:
    held = next(k for k in range(200) if word(4, k).path == "none" and word(4, k).begin[1] > 0.2)
    signing = Signing(QUIET, (held,), RIGHT, 0)
    ((first, last),), _ = signing.spans()
    middle = (first + last) // 2
    motion = signing.motion()
    np.testing.assert_allclose(motion[middle, 0, PLACE], word(4, held).begin[PLACE], atol=1e-9)
    person, clip = signing.body, signing.clip()
    wrist = place(clip, f"{RIGHT_HAND}.WRIST")[middle]
    wanted = np.array([-1, 1]) * word(4, held).begin[:2] * person.reach * person.shoulders + (person.x, person.y)
    assert np.linalg.norm(wrist - wanted) < 0.05 * person.shoulders


def test_words_begin_where_their_spans_say() -> None:
    """Two sentences that differ in their second word are alike before it and differ within it."""
    one, other = (Signing(QUIET, (5, second, 7), RIGHT, 0) for second in (6, 8))
    spans = one.spans()[0]
    assert [last > first for first, last in spans] == [True] * 3
    assert all(before[1] < after[0] for before, after in zip(spans, spans[1:], strict=False))
    alone = Signing(QUIET, (5,), RIGHT, 0).motion()
    assert alone.shape[1:] == one.motion().shape[1:] == other.motion().shape[1:] == (2, 12)


def test_left_handed_people_sign_mirrored() -> None:
    """In an image the right hand of a signer is on the left; one-handed words move the dominant hand alone."""
    alone = next(k for k in range(200) if word(4, k).other == "rests" and word(4, k).path == "line")
    for signer, moving, resting in ((RIGHT, RIGHT_HAND, LEFT_HAND), (LEFT, LEFT_HAND, RIGHT_HAND)):
        clip = Signing(QUIET, (alone,), signer, 0).clip()
        assert place(clip, f"{moving}.WRIST").std(0).sum() > 5 * place(clip, f"{resting}.WRIST").std(0).sum()
        assert (place(clip, f"{BODY}.RIGHT_SHOULDER")[:, 0] < place(clip, f"{BODY}.LEFT_SHOULDER")[:, 0]).all()


def test_people_differ_in_size_and_speed() -> None:
    people = [body(1, k) for k in range(30)]
    assert len({person.shoulders for person in people}) == 30
    assert 0 < sum(person.left_handed for person in people) < 15
    fast, slow = (Signing(replace(QUIET, speed=speed), (1, 2, 3), 0, 0).frames for speed in (2.0, 0.5))
    assert slow > 2.5 * fast


def test_lost_hands_are_missing_points() -> None:
    clip = Signing(World(missing=1.0), (1, 2), 0, 0).clip()
    assert 0 < (clip.confidence == 0).sum() < clip.confidence.size / 2
    assert not clip.data[clip.confidence == 0].any()


@pytest.mark.parametrize("window", [16, 500])
def test_features_are_windows_of_a_fixed_view(window: int) -> None:
    signing = Signing(World(), (1, 2, 3), 0, 0)
    seen = Appearance(signing, "rgb", 32, window)
    clip = seen.clip()
    assert clip.data.shape == (max(1, signing.frames - window + 1), 1, 32) == (seen.frames, 1, 32)
    np.testing.assert_array_equal(clip.data, seen.clip().data)
    assert not np.allclose(clip.data, Appearance(signing, "other", 32, window).clip().data, atol=0.1)
