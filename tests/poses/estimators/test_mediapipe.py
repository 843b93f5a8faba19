"""MediaPipe Holistic: the very numbers of the published pipeline, in the size and rate of the video."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mmpt_sign
from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.poses.read import from_pose, read
from mmpt_sign.video.decode import frames
from mmpt_sign.video.span import Span
from tests.video.made import make_video

pytest.importorskip("mediapipe")
pytestmark = pytest.mark.slow

from tests.video.figure import HEIGHT, WIDTH, make_figure  # noqa: E402  (draws with the OpenCV that MediaPipe brings)


def estimated(path: Path, span: Span | None = None, **options: Any) -> Any:
    return mmpt_sign.build("estimator", name="mediapipe", **options).start()(path, span or Span(), [])


def original(path: Path, **options: Any) -> Any:
    """As the published pipeline does it, with a graph that has seen nothing before."""
    from pose_format.utils.holistic import load_holistic

    info = frames(path).info
    return load_holistic(
        frames(path), info.fps, info.width, info.height, reuse=False, additional_holistic_config=dict(options)
    )


def written(pose: Any) -> bytes:
    file = BytesIO()
    pose.write(file)
    return file.getvalue()


@pytest.fixture(scope="module")
def figure(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_figure(tmp_path_factory.mktemp("figure") / "figure.mp4")


@pytest.mark.parametrize(("refine", "points"), [(False, 576), (True, 586)])
def test_the_file_is_that_of_the_published_pipeline(refine: bool, points: int, figure: Path) -> None:
    pose = estimated(figure, refine_face=refine)
    assert pose.body.data.shape == (6, 1, points, 3)
    assert (pose.body.fps, pose.header.dimensions.width, pose.header.dimensions.height) == (15, WIDTH, HEIGHT)
    assert written(pose) == written(original(figure, refine_face_landmarks=refine))
    clip = from_pose(pose)
    assert (clip.confidence[:, clip.layout.position["POSE_LANDMARKS.NOSE"]] > 0.9).all()


def test_a_clip_does_not_depend_on_the_one_before(figure: Path, tmp_path: Path) -> None:
    make = mmpt_sign.build("estimator", name="mediapipe").start()
    first = written(make(figure, Span(), []))
    make(make_figure(tmp_path / "other.mp4", 3), Span(), [])
    assert written(make(figure, Span(), [])) == first


def test_a_span_at_another_rate(figure: Path) -> None:
    pose = estimated(figure, Span(0, 0.2), fps=5)
    assert (len(pose.body.data), pose.body.fps) == (1, 5)


def test_nobody_is_a_reason_unless_wanted(tmp_path: Path) -> None:
    empty = make_video(tmp_path / "empty.mp4", 2)
    with pytest.raises(DataError, match="nobody was found in any of 2 frames"):
        estimated(empty)
    assert not estimated(empty, keep_empty=True).body.confidence.any()


@pytest.mark.parametrize("complexity", [0, 2])
def test_models_that_mediapipe_would_fetch_are_refused(complexity: int) -> None:
    with pytest.raises(ConfigError, match=f"model_complexity {complexity} needs"):
        mmpt_sign.build("estimator", name="mediapipe", model_complexity=complexity).start()


@pytest.mark.shared
def test_a_real_video_agrees_with_its_reference(shared_data: Path) -> None:
    """The reference is of another release (0.10.21), reduced to 203 points."""
    video = shared_data / "ksl_videos" / "good_1.mp4"
    ours, reference = from_pose(estimated(video)), read(video.with_suffix(".pose"))
    assert (len(ours), ours.fps) == (len(reference), reference.fps) == (46, 15)
    same = [ours.layout.position[name] for name in reference.layout.points]
    both = (ours.confidence[:, same] > 0.5) & (reference.confidence > 0.5)
    agreed = (ours.confidence[:, same] > 0.5) == (reference.confidence > 0.5)
    apart = np.linalg.norm(ours.data[:, same, :2] - reference.data[..., :2], axis=-1)
    assert agreed.mean() > 0.97
    assert np.median(apart[both]) < 0.5
    assert np.percentile(apart[both], 95) < 3
