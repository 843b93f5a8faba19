from __future__ import annotations

import contextlib
import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mmpt_sign
from mmpt_sign.errors import PoseFormatError
from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.header import Limits, check_header
from mmpt_sign.poses.read import clean, frame_count, from_pose, read
from tests.poses.clips import COMPONENTS, check, header_bytes, pose_bytes, same

POINTS = sum(len(points) for _, points in COMPONENTS)
VERSIONS = (0.0, 0.1, 0.2)


def body(frames: int = 5, people: int = 1) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    rng = np.random.default_rng(0)
    return rng.normal(100, 20, (frames, people, POINTS, 2)), rng.uniform(0.1, 1, (frames, people, POINTS))


@pytest.mark.parametrize("version", VERSIONS)
def test_versions_hold_the_same(version: float, tmp_path: Path) -> None:
    data, confidence = body()
    clip = read(pose_bytes(data, confidence, version))
    check(clip)
    np.testing.assert_allclose(clip.data, data[:, 0], rtol=1e-6)
    np.testing.assert_allclose(clip.confidence, confidence[:, 0], rtol=1e-6)
    assert clip.fps == 24
    assert clip.layout.points[1] == "POSE_LANDMARKS.LEFT_SHOULDER"
    assert clip.layout.points[3] == "LEFT_HAND_LANDMARKS.WRIST"


@pytest.mark.parametrize("version", VERSIONS)
def test_paths_files_bytes_and_spans_agree(version: float, tmp_path: Path) -> None:
    content = pose_bytes(*body(9), version)
    path = tmp_path / "x.pose"
    path.write_bytes(content)
    whole = read(path)
    assert same(whole, read(content))
    assert same(whole, read(io.BytesIO(content)))
    assert frame_count(path) == len(whole) == 9
    part = read(path, 2, 7)
    assert same(part, whole.frames(2, 7))
    assert same(read(content, end=99), whole)
    for start, end in ((9, None), (3, 3), (-1, 2), (5, 2)):
        with pytest.raises(PoseFormatError, match="not among its 9"):
            read(path, start, end)


def test_only_the_asked_frames_are_read_of_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "long.pose"
    data, confidence = body(6000)
    path.write_bytes(pose_bytes(data, confidence))
    assert path.stat().st_size > 1 << 20
    np.testing.assert_allclose(read(path, 5990, 5993).data, data[5990:5993, 0], rtol=1e-6)


def test_of_several_people_the_surest_is_taken() -> None:
    data, confidence = body(4, people=3)
    confidence[:, 1] = 1
    np.testing.assert_allclose(read(pose_bytes(data, confidence)).data, data[:, 1], rtol=1e-6)


def test_what_is_not_finite_is_missing() -> None:
    data, confidence = body()
    data[0, 0, 0], data[1, 0, 1, 0], data[2, 0, 2, 1], confidence[3, 0, 0] = np.nan, np.inf, 1e30, np.nan
    clip = read(pose_bytes(data, confidence))
    check(clip)
    assert [tuple(place) for place in np.argwhere(clip.confidence == 0)] == [(0, 0), (1, 1), (2, 2), (3, 0)]


def test_a_hand_written_as_zeros_is_missing() -> None:
    data, confidence = body()
    data[1, 0, 3:], data[2, 0, 5] = 0, 0
    clip = read(pose_bytes(data, confidence))
    assert not clip.confidence[1, 3:].any()
    assert clip.confidence[1, :3].all()
    assert clip.confidence[2].all()  # a single point may well lie on the origin


def test_a_tiny_file_cannot_claim_many_frames() -> None:
    small = header_bytes(0.2, [("A", ["a"])]) + struct.pack("<fIH", 25, 4_000_000_000, 1)
    assert len(small) < 60
    with pytest.raises(PoseFormatError, match="4000000000 frames are claimed"):
        read(small)


def test_version_0_0_cannot_claim_gigabytes_of_zeros() -> None:
    many = [("A", [str(i) for i in range(9000)])]
    with pytest.raises(PoseFormatError, match="numbers"):
        read(header_bytes(0.0, many) + struct.pack("<HH", 25, 60_000) + bytes(120_000))


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(bytes=100), "bytes"),
        (Limits(components=1), "components"),
        (Limits(points=5), "points"),
        (Limits(people=1), "people"),
        (Limits(frames=4), "frames"),
    ],
)
def test_limits_are_the_callers(limits: Limits, message: str) -> None:
    with pytest.raises(PoseFormatError, match=message):
        read(pose_bytes(*body(5, people=2)), limits=limits)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0",
        b"pose",
        bytes(56),
        b"\xff" * 400,
        struct.pack("<f", 7.5) + bytes(99),
        struct.pack("<f", np.nan) + bytes(99),
        struct.pack("<f", 1e-9) + bytes(99),
    ],
)
def test_other_files_are_refused_with_a_reason(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.pose"
    path.write_bytes(content)
    with pytest.raises(PoseFormatError, match=r"other\.pose: .+"):
        read(path)
    with pytest.raises(PoseFormatError):
        frame_count(path)


def test_a_missing_file_is_a_pose_format_error(tmp_path: Path) -> None:
    for reader in (read, frame_count):
        with pytest.raises(PoseFormatError, match=r"none\.pose: cannot be read"):
            reader(tmp_path / "none.pose")


@given(st.binary(max_size=300))
def test_random_bytes_never_crash(content: bytes) -> None:
    with pytest.raises(PoseFormatError):
        read(content)


@given(st.sampled_from(VERSIONS), st.data())
def test_damaged_files_are_read_or_refused(version: float, data: st.DataObject) -> None:
    content = bytearray(pose_bytes(*body(3), version))
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = bytes(content[: data.draw(st.integers(0, len(content)))]) + data.draw(st.binary(max_size=20))
    with contextlib.suppress(PoseFormatError):
        check(read(damaged))


@pytest.mark.parametrize("version", VERSIONS)
def test_every_truncation_is_refused(version: float) -> None:
    content = pose_bytes(*body(1), version)
    for length in range(len(content)):
        with pytest.raises(PoseFormatError):
            read(content[:length])


def test_a_few_bytes_at_the_end_do_not_matter() -> None:
    content = pose_bytes(*body())
    assert same(read(content + b"more"), read(content))


def test_a_pose_object_without_a_frame_rate_gets_the_usual_one() -> None:
    from pose_format import Pose

    pose = Pose.read(pose_bytes(*body()))
    pose.body.fps = 0
    assert from_pose(pose).fps == 25
    before = pose.body.data.copy()
    from_pose(pose).data[:] = 9
    np.testing.assert_array_equal(pose.body.data, before)


def test_clean_never_writes_to_what_it_is_given() -> None:
    data, confidence = np.full((2, 3, 2), np.nan, np.float32), np.ones((2, 3), np.float32)
    cleaned, seen = clean(data, confidence)
    assert np.isnan(data).all()
    assert confidence.all()
    assert not cleaned.any()
    assert not seen.any()


def test_depth_knows_its_unit() -> None:
    rng = np.random.default_rng(0)
    data, confidence = rng.normal(100, 20, (4, 1, POINTS, 3)), np.ones((4, 1, POINTS))

    def scale(factors: tuple[float, float, float]) -> tuple[float, float, float]:
        return read(pose_bytes(data * factors, confidence, axes="XYZC")).unit_scale

    assert scale((1, 1, 1 / 640)) == (1, 1, 640)  # fractions of the width, as MediaPipe writes it
    assert scale((1, 1, 1)) == (1, 1, 1)
    assert scale((0.01, 0.01, 1e-5)) == (1, 1, 1)  # not in pixels: nothing is known


def test_the_package_reads_by_one_call() -> None:
    clip = mmpt_sign.poses.read(pose_bytes(*body()))
    assert isinstance(clip, Clip)


@pytest.mark.shared
def test_all_real_files(shared_data: Path) -> None:
    paths = sorted((shared_data / "pose_files").glob("*.pose"))
    assert len(paths) == 25
    for path in paths:
        clip = read(path)
        check(clip)
        assert frame_count(path) == len(clip)
        assert same(read(path, 1, 4), clip.frames(1, 4))
        assert (clip.confidence > 0).any()
        if clip.data.shape[-1] == 3:
            header = check_header(path.read_bytes()[: 1 << 20], path.stat().st_size)
            assert header.points == len(clip.layout)
            assert clip.unit_scale[2] > 100
