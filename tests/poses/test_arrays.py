from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.errors import DataError
from mmpt_sign.poses.arrays import clip_from_array, read_source
from mmpt_sign.poses.layouts import layout
from mmpt_sign.records import Source
from tests.features.stores import made_store
from tests.poses.clips import check, clip_of, pose_bytes


def test_nan_means_missing_and_half_precision_is_fine() -> None:
    data = np.ones((4, 21, 3), np.float16)
    data[1, 2, 0], data[2] = np.nan, np.nan
    clip = clip_from_array(data, "hand_21")
    check(clip)
    assert not clip.confidence[1, 2]
    assert not clip.confidence[2].any()
    assert clip.confidence.sum() == 4 * 21 - 22


@pytest.mark.parametrize(
    ("shape", "points", "expected"),
    [
        ((5, 203, 3), None, (5, 203, 3)),
        ((21, 3), None, (1, 21, 3)),
        ((5, 2, 21, 3), "hands_42", (5, 42, 3)),
        ((5, 2, 21, 3), None, (5, 42, 3)),
        ((5, 42, 2), None, (5, 42, 2)),
        ((5, 1024), None, (5, 1, 1024)),
    ],
)
def test_shapes(shape: tuple[int, ...], points: str | None, expected: tuple[int, ...]) -> None:
    clip = clip_from_array(np.random.default_rng(0).random(shape), points)
    check(clip)
    assert clip.data.shape == expected


@pytest.mark.parametrize(
    ("array", "points"),
    [
        (np.zeros((5, 20, 3)), "hand_21"),
        (np.zeros((5, 21, 4)), "hand_21"),
        (np.zeros((0, 21, 3)), "hand_21"),
        (np.zeros((0, 512)), None),
        (np.zeros(5), None),
        (np.array([["a"]]), None),
        (np.zeros((5, 21, 3)), "hand_22"),
    ],
)
def test_other_arrays_are_refused(array: np.ndarray, points: str | None) -> None:  # type: ignore[type-arg]
    with pytest.raises(DataError):
        clip_from_array(array, points)


def test_archives_entries_and_spans(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    data, conf = rng.random((3, 8, 21, 3)), rng.integers(1, 256, (3, 8, 21), dtype=np.uint8)
    np.savez_compressed(tmp_path / "a.npz", ids=np.array(["a", "b", "c"]), xyz=data, conf=conf)
    source = Source(tmp_path / "a.npz", 2, 6, "xyz", 1, "hand_21", 30.0)
    clip = read_source(source)
    np.testing.assert_allclose(clip.data, data[1, 2:6], rtol=1e-6)
    np.testing.assert_allclose(clip.confidence, conf[1, 2:6] / 255, rtol=1e-6)
    assert clip.fps == 30


def test_entries_of_joined_clips_lie_between_offsets(tmp_path: Path) -> None:
    data = np.random.default_rng(0).random((10, 21, 3))
    np.savez(tmp_path / "a.npz", xyz=data, offsets=np.array([0, 4, 10]))
    np.testing.assert_allclose(read_source(Source(tmp_path / "a.npz", item=1, member="xyz")).data, data[4:], rtol=1e-6)
    with pytest.raises(DataError, match="entry 2 is not among its 2"):
        read_source(Source(tmp_path / "a.npz", item=2, member="xyz"))


def test_every_kind_of_source(tmp_path: Path) -> None:
    data = np.random.default_rng(0).random((4, 21, 3)).astype(np.float32) + 1
    np.save(tmp_path / "a.npy", data)
    names = layout("hand_21").points
    components = [("RIGHT_HAND_LANDMARKS", [name.partition(".")[2] for name in names])]
    content = pose_bytes(data[:, None], np.ones((4, 1, 21)), components=components, axes="XYZC")
    (tmp_path / "a.pose").write_bytes(content)
    made_store(tmp_path / "store", [clip_from_array(data, "hand_21")])
    for source in (Source(tmp_path / "a.npy"), Source(tmp_path / "a.pose"), Source(tmp_path / "store", item=0)):
        assert read_source(source).layout.points == names
        np.testing.assert_allclose(read_source(source).data, data, atol=1e-4)
        span = Source(source.path, 1, 3, item=source.item)
        np.testing.assert_allclose(read_source(span).data, data[1:3], atol=1e-4)


def test_pickles_are_never_opened(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([object()]), allow_pickle=True)
    np.savez(tmp_path / "a.npz", xyz=np.array([object()]))
    (tmp_path / "b.npy").write_bytes(pickle.dumps([1]))
    for name in ("a.npy", "a.npz", "b.npy"):
        with pytest.raises(DataError, match=name):
            read_source(Source(tmp_path / name, layout="hand_21"))


@pytest.mark.parametrize("name", ["none.npy", "none.npz", "none.pose", "text.txt", "bad.npz", "bad.npy"])
def test_unreadable_files_are_named(name: str, tmp_path: Path) -> None:
    if not name.startswith("none"):
        (tmp_path / name).write_bytes(b"no array at all")
    with pytest.raises(DataError, match=name):
        read_source(Source(tmp_path / name, layout="hand_21"))


@pytest.mark.parametrize(("start", "end"), [(8, None), (3, 3), (-2, None)])
def test_spans_outside_the_clip_are_errors(start: int, end: int | None, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((8, 21, 3)))
    with pytest.raises(DataError, match="not among its 8"):
        read_source(Source(tmp_path / "a.npy", start, end))


def test_an_array_without_frames_says_so_and_the_case_of_an_ending_does_not_matter(tmp_path: Path) -> None:
    for name, frames in (("none.npy", 0), ("some.NPY", 2)):
        with (tmp_path / name).open("wb") as file:
            np.save(file, np.ones((frames, 21, 3), np.float32))
    with pytest.raises(DataError, match=r"none\.npy: has no frames"):
        read_source(Source(tmp_path / "none.npy", layout="hand_21"))
    assert len(read_source(Source(tmp_path / "some.NPY"))) == 2


def test_an_archive_is_read_anew_when_it_changes(tmp_path: Path) -> None:
    import os

    path = tmp_path / "a.npz"
    for value in (1, 2):
        np.savez(path, xyz=np.full((2, 21, 3), value, np.float32))
        os.utime(path, ns=(value, value))
        assert read_source(Source(path)).data[0, 0, 0] == value


def test_features_are_clips_of_one_point(tmp_path: Path) -> None:
    data = clip_of().data.reshape(12, -1)
    data[3, 4] = np.nan
    np.save(tmp_path / "a.npy", data)
    clip = read_source(Source(tmp_path / "a.npy"))
    check(clip)
    assert clip.data.shape == (12, 1, 609)


@pytest.mark.shared
@pytest.mark.parametrize(
    ("stem", "member", "points", "frames"),
    [
        ("asl_words_letters_20f/words_body_hands", "xyz", "body25_hands_67", 20),
        ("asl_words_letters_20f/letters_hands", "hands", "hands_42", 20),
        ("lsm_phrases_15f/phrases", "xyz", "body25_hands_67", 15),
        ("fingerspelling_multilingual/fingerspelling", "xyz", "holistic_203", 29),
        ("wlasl_hands/wlasl100", "hands", "two_hands_unordered", 86),
        ("lis_letters_static/letters", "hand", "hand_21", 1),
    ],
)
def test_real_archives(stem: str, member: str, points: str, frames: int, shared_data: Path) -> None:
    clip = read_source(Source(shared_data / f"{stem}.npz", member=member, item=3, layout=points))
    check(clip)
    assert len(clip) == frames
    assert clip.confidence.any()
