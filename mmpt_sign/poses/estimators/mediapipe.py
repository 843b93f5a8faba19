"""MediaPipe Holistic, as the published systems use it: body, face, both hands and the body in metres.

The numbers are those of ``pose_format.utils.holistic.load_holistic`` with a new graph.  That function keeps graphs for
the next video, and what a kept one saw before changes its results (on real clips up to 30 pixels, by which videos a
process happened to work on); a new one costs 30 ms.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mmpt_sign.errors import ConfigError, NotInstalledError
from mmpt_sign.poses.estimators._video import Look, VideoEstimator
from mmpt_sign.video.decode import Frames, Picture
from mmpt_sign.video.span import Span

MODELS = {0: "lite", 1: "full", 2: "heavy"}
BODY, FACE, IRISES, HAND = 33, 468, 10, 21


class Mediapipe(VideoEstimator):
    """``refine_face: true`` gives 586 points (irises included) instead of 576."""

    library: ClassVar[str] = "mediapipe"

    name: Literal["mediapipe"] = "mediapipe"
    refine_face: bool = Field(False, description="478 points of the face instead of 468")
    model_complexity: Literal[0, 1, 2] = Field(
        1, description="only 1 comes with MediaPipe; others if their file is there"
    )
    static: bool = Field(False, description="every frame by itself, without tracking")
    smooth: bool = Field(True, description="smooth the body over time")
    detection_confidence: float = Field(0.5, ge=0, le=1)
    tracking_confidence: float = Field(0.5, ge=0, le=1)

    def start(self) -> Callable[[Path, Span, list[str]], Any]:
        """Import MediaPipe, which takes seconds."""
        self._check_model()
        os.environ.setdefault("GLOG_minloglevel", "2")
        try:
            self.components()
        except ImportError as error:
            raise NotInstalledError("MediaPipe with the Holistic solution", "pose") from error
        return lambda path, span, remarks: self.pose(path, span, remarks, self._look_at)

    def components(self) -> Any:
        """Those of pose-format."""
        from pose_format.utils.holistic import holistic_components

        return holistic_components("XYZC", IRISES if self.refine_face else 0)

    def _check_model(self) -> None:
        """MediaPipe fetches a missing model from the internet by itself; here nothing may."""
        found = find_spec("mediapipe")
        if found is None or found.origin is None:
            raise NotInstalledError("MediaPipe", "pose")
        name = f"modules/pose_landmark/pose_landmark_{MODELS[self.model_complexity]}.tflite"
        if not (Path(found.origin).parent / name).is_file():
            raise ConfigError(
                f"model_complexity {self.model_complexity} needs {name} inside the mediapipe package, which brings only"
                " that of complexity 1; put the file there, or use 1"
            )

    @contextmanager
    def _look_at(self, pictures: Frames) -> Iterator[Look]:
        from mediapipe.python.solutions.holistic import Holistic

        face = FACE + IRISES * self.refine_face
        parts = (("pose", BODY), ("face", face), ("left_hand", HAND), ("right_hand", HAND), ("pose_world", BODY))
        scale = np.array([pictures.info.width, pictures.info.height, 1, 1])
        with Holistic(
            static_image_mode=self.static,
            model_complexity=self.model_complexity,
            smooth_landmarks=self.smooth,
            refine_face_landmarks=self.refine_face,
            min_detection_confidence=self.detection_confidence,
            min_tracking_confidence=self.tracking_confidence,
        ) as graph:  # an open one keeps some 200 MB

            def look(picture: Picture) -> NDArray[np.float32]:
                picture.flags.writeable = False  # so that MediaPipe does not copy it
                found = graph.process(picture)
                rows = [_part(getattr(found, f"{name}_landmarks"), name, count) for name, count in parts]
                points: NDArray[np.float32] = (np.concatenate(rows) * scale).astype(np.float32)
                return points

            yield look


def _part(landmarks: Any, name: str, count: int) -> NDArray[np.float64]:
    """Bodies know how visible each point is; faces and hands are there or not."""
    if landmarks is None:
        return np.zeros((count, 4))
    is_body = name.startswith("pose")
    return np.array([(mark.x, mark.y, mark.z, mark.visibility if is_body else 1.0) for mark in landmarks.landmark])
