"""RTMPose through rtmlib and onnxruntime with the user's own files; nothing is ever fetched."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mmpt_sign
from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.poses.estimators.rtmpose import Rtmpose
from mmpt_sign.poses.read import from_pose
from mmpt_sign.video.span import Span
from tests.poses.estimators.onnx_file import constant_network
from tests.video.made import HEIGHT, WIDTH, make_video

POINTS = 133
NETWORK_WIDTH, NETWORK_HEIGHT = 24, 32
pytest.importorskip("rtmlib")
pytest.importorskip("onnxruntime")


def network(path: Path, points: int = POINTS) -> Path:
    """Point n is seen at bin n % 48 of the width and n % 64 of the height, with confidence 0.5."""
    places = {"simcc_x": 2 * NETWORK_WIDTH, "simcc_y": 2 * NETWORK_HEIGHT}
    outputs = {name: np.zeros((1, points, bins), np.float32) for name, bins in places.items()}
    for name, bins in places.items():
        outputs[name][0, np.arange(points), np.arange(points) % bins] = 0.5
    return constant_network(path, (1, 3, NETWORK_HEIGHT, NETWORK_WIDTH), outputs)


def detector(path: Path, *boxes: tuple[float, float, float, float, float]) -> Path:
    """Left, top, right, bottom, confidence of every person, in the pixels of a 64 x 64 picture."""
    found = np.array(boxes, np.float32).reshape(1, -1, 5)
    return constant_network(path, (1, 3, 64, 64), {"boxes": found})


def estimated(video: Path, **options: Any) -> Any:
    size = {"weights_size": (NETWORK_WIDTH, NETWORK_HEIGHT), "detector_size": (64, 64)}
    return mmpt_sign.build("estimator", name="rtmpose", **size, **options).start()(video, Span(), [])


def expected(left: float, top: float, right: float, bottom: float) -> np.ndarray[Any, Any]:
    """The network looks at the box with a quarter more around it, made as wide or as high as its own form."""
    width, height = 1.25 * (right - left), 1.25 * (bottom - top)
    width = max(width, height * NETWORK_WIDTH / NETWORK_HEIGHT)
    height = max(height, width * NETWORK_HEIGHT / NETWORK_WIDTH)
    numbers = np.arange(POINTS)
    bins = np.stack([numbers % (2 * NETWORK_WIDTH), numbers % (2 * NETWORK_HEIGHT)], 1)
    shown = bins / (2 * NETWORK_WIDTH, 2 * NETWORK_HEIGHT) * (width, height)
    there: np.ndarray[Any, Any] = shown + ((left + right) / 2, (top + bottom) / 2) - np.array([width, height]) / 2
    return there


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return make_video(tmp_path / "clip.mp4", 3, 10)


def test_133_points_in_pixels_of_the_picture(video: Path, tmp_path: Path) -> None:
    pose = estimated(video, weights=network(tmp_path / "body.onnx"))
    assert [(part.name, len(part.points)) for part in pose.header.components] == [
        ("BODY", 23), ("FACE", 68), ("LEFT_HAND", 21), ("RIGHT_HAND", 21),
    ]  # fmt: skip
    assert pose.body.data.shape == (3, 1, POINTS, 2)
    assert (pose.body.fps, pose.header.dimensions.width, pose.header.dimensions.height) == (10, WIDTH, HEIGHT)
    np.testing.assert_allclose(pose.body.data[0, 0], expected(0, 0, WIDTH, HEIGHT), atol=0.01)
    np.testing.assert_allclose(pose.body.confidence, 0.5)
    clip = from_pose(pose)
    assert {"POSE_LANDMARKS.LEFT_SHOULDER", "RIGHT_HAND_LANDMARKS.PINKY_TIP"} <= set(clip.layout.points)


def test_the_detector_says_where_the_signer_is(video: Path, tmp_path: Path) -> None:
    found = detector(tmp_path / "people.onnx", (32, 0, 64, 32, 0.9))  # the picture is shrunk to half: 64 x 32
    pose = estimated(video, weights=network(tmp_path / "body.onnx"), detector=found)
    np.testing.assert_allclose(pose.body.data[0, 0], expected(64, 0, 128, 64), atol=0.01)


def test_frames_without_people_are_empty_and_a_clip_of_them_is_none(video: Path, tmp_path: Path) -> None:
    files = {
        "weights": network(tmp_path / "body.onnx"),
        "detector": detector(tmp_path / "none.onnx", (0, 0, 9, 9, 0.1)),
    }
    with pytest.raises(DataError, match="nobody was found in any of 3 frames"):
        estimated(video, **files)
    assert not estimated(video, **files, keep_empty=True).body.confidence.any()


def test_a_network_of_another_kind_is_named(video: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="gives 17 points, not the 133"):
        estimated(video, weights=network(tmp_path / "body17.onnx", 17))


def test_nothing_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="needs weights"):
        Rtmpose().start()
    with pytest.raises(ConfigError, match="no ONNX file"):
        Rtmpose(weights=Path("https://example.org/body.onnx")).start()
    with pytest.raises(ConfigError, match="no ONNX file"):
        Rtmpose(weights=network(tmp_path / "body.onnx"), detector=tmp_path / "absent.onnx").start()


def test_weights_count_by_content(tmp_path: Path) -> None:
    one, copy, other = (tmp_path / name for name in ("one.onnx", "copy.onnx", "other.onnx"))
    network(one)
    network(other, 17)
    copy.write_bytes(one.read_bytes())
    same, different = Rtmpose(weights=copy, device="cuda"), Rtmpose(weights=other)
    assert Rtmpose(weights=one).identity() == same.identity() != different.identity()
    assert pickle.loads(pickle.dumps(same)) == same
