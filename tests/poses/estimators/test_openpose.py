"""OpenPose's folders of JSON: the same pose that pose-format reads from them, and sentences where that one breaks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

import mmpt_sign
from mmpt_sign.errors import DataError
from mmpt_sign.video.span import Span

PARTS = {"pose": 25, "face": 70, "hand_left": 21, "hand_right": 21}


def person(rng: np.random.Generator, seen: float = 1.0, **parts: int) -> dict[str, list[float]]:
    """Random places in 640 x 480 pixels; ``seen`` scales the confidences."""
    made = {}
    for part, count in (parts or PARTS).items():
        values = rng.uniform(0, 1, (count, 3)) * (640, 480, seen)
        made[f"{part}_keypoints_2d"] = values.round(3).ravel().tolist()
    return made


def folder_of(folder: Path, *frames: list[dict[str, Any]] | None, first: int = 0) -> Path:
    """One file per frame; None leaves a file out."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, people in enumerate(frames, first):
        if people is not None:
            text = json.dumps({"version": 1.3, "people": people})
            (folder / f"clip_{number:012}_keypoints.json").write_text(text)
    return folder


def read(folder: Path, span: Span | None = None, remarks: list[str] | None = None, **options: Any) -> Any:
    options = {"fps": 25, **options}
    return mmpt_sign.build("estimator", name="openpose", **options).start()(
        folder, span or Span(), [] if remarks is None else remarks
    )


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_the_same_pose_as_pose_format_reads(rng: np.random.Generator, tmp_path: Path) -> None:
    from pose_format.utils.openpose import load_openpose_directory

    folder = folder_of(tmp_path / "a", *([person(rng)] for _ in range(5)))
    ours, theirs = read(folder, width=640, height=480), load_openpose_directory(str(folder), 25, 640, 480)
    np.testing.assert_array_equal(ours.body.data.filled(0), theirs.body.data.filled(0))
    np.testing.assert_array_equal(ours.body.confidence, theirs.body.confidence)
    assert [c.points for c in ours.header.components] == [c.points for c in theirs.header.components]
    assert (ours.body.fps, ours.header.dimensions.width, ours.header.dimensions.height) == (25, 640, 480)


def test_body_135(rng: np.random.Generator, tmp_path: Path) -> None:
    pose = read(folder_of(tmp_path / "a", [person(rng, pose=135)]))
    assert [component.name for component in pose.header.components] == ["BODY_135"]
    assert pose.body.data.shape == (1, 1, 135, 2)


def test_face_and_hands_may_be_absent(rng: np.random.Generator, tmp_path: Path) -> None:
    bare = {**person(rng, pose=25), "face_keypoints_2d": []}
    pose = read(folder_of(tmp_path / "a", [bare]))
    assert pose.body.data.shape[2] == 137
    assert not pose.body.confidence[..., 25:].any()
    assert pose.header.dimensions.width >= pose.body.data[..., 0].max()


def test_the_person_seen_most_is_the_signer_and_gaps_stay_empty(rng: np.random.Generator, tmp_path: Path) -> None:
    passer, signer = person(rng, 0.2), person(rng, 0.9)
    folder, remarks = folder_of(tmp_path / "a", [passer, signer], [], None, [signer], first=1), list[str]()
    pose = read(folder, remarks=remarks)
    assert len(pose.body.data) == 4, "frames count from the first file"
    assert [bool(row.any()) for row in pose.body.confidence] == [True, False, False, True]
    np.testing.assert_array_equal(pose.body.data[0].filled(0), pose.body.data[3].filled(0))
    assert remarks == ["nobody in 2 of 4 frames"]
    first = read(folder, person="first")
    assert first.body.confidence[0].sum() < pose.body.confidence[0].sum()


def test_spans_in_frames_and_seconds(rng: np.random.Generator, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "a", *([person(rng)] for _ in range(10)))
    whole = read(folder).body.confidence
    np.testing.assert_array_equal(read(folder, Span(2, 5, "frames")).body.confidence, whole[2:5])
    np.testing.assert_array_equal(read(folder, Span(0.2, None), fps=10).body.confidence, whole[2:])
    assert len(read(folder, Span(8, 20, "frames")).body.data) == 2
    with pytest.raises(DataError, match="none of its 10 frames"):
        read(folder, Span(10, 20, "frames"))


WRONG = {
    "not json": "is not a frame",
    '{"people": [{"pose_keypoints_2d": [1, 2]}]}': "is not a frame",
    '{"people": [{"pose_keypoints_2d": "' + "x" * 75 + '"}]}': "is not a frame",
    '{"people": [{}]}': "not \\[25, 70, 21, 21\\] or 135",
    '{"people": 3}': "is not a frame",
    "[]": "is not a frame",
    '{"people": []}': "nobody in any frame",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_openpose_does_not_write_is_a_sentence(text: str, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "a")
    (folder / "clip_000000000000_keypoints.json").write_text(text)
    with pytest.raises(DataError, match=WRONG[text]):
        read(folder)


def test_not_finite_numbers_are_missing_points(rng: np.random.Generator, tmp_path: Path) -> None:
    odd = person(rng)
    odd["pose_keypoints_2d"][:3] = [float("nan"), 5.0, 0.9]
    pose = read(folder_of(tmp_path / "a", [odd]))
    assert pose.body.confidence[0, 0, 0] == 0


def test_the_rate_must_be_given() -> None:
    with pytest.raises(ValidationError, match="fps is missing"):
        mmpt_sign.build("estimator", name="openpose")
