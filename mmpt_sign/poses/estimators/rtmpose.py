"""RTMPose whole body: the 133 points of COCO-WholeBody, which SEDS learns from.

rtmlib would fetch weights from the internet when a name is no file.  Here both files are the user's, checked before
rtmlib sees them: a whole-body model and, where there is more to see than the signer, a detector of people (YOLOX).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mmpt_sign.errors import ConfigError, NotInstalledError
from mmpt_sign.extraction.signature import signature
from mmpt_sign.poses.estimators._video import Look, VideoEstimator
from mmpt_sign.video.decode import Picture
from mmpt_sign.video.span import Span

POINTS = 133


class Rtmpose(VideoEstimator):
    """Components BODY (with feet), FACE, LEFT_HAND, RIGHT_HAND in the order of COCO-WholeBody; x and y in pixels."""

    library: ClassVar[str] = "rtmlib"

    name: Literal["rtmpose"] = "rtmpose"
    weights: Path | None = Field(None, description="ONNX file of a whole-body model, for example RTMW or RTMPose")
    weights_size: tuple[int, int] = Field((288, 384), description="width and height that the whole-body model takes")
    detector: Path | None = Field(
        None, description="ONNX file of a YOLOX detector; without it the whole picture is taken"
    )
    detector_size: tuple[int, int] = Field((640, 640), description="height and width that the detector takes")
    device: str = Field("cpu", description="cpu, cuda or cuda:N")

    def identity(self) -> dict[str, Any]:
        """Weights count by their content; where they lie and what computes does not matter."""
        files = {"weights": self.weights, "detector": self.detector}
        marks = {key: file and signature(file) for key, file in files.items() if file is None or file.is_file()}
        return {key: value for key, value in {**super().identity(), **marks}.items() if key != "device"}

    def start(self) -> Callable[[Path, Span, list[str]], Any]:
        """Load both networks."""
        self._check_files()
        for library in ("rtmlib", "onnxruntime"):
            if find_spec(library) is None:
                raise NotInstalledError(library, "pose")
        from rtmlib import YOLOX, RTMPose

        usual = {"backend": "onnxruntime", "device": self.device}
        model = RTMPose(str(self.weights), model_input_size=self.weights_size, **usual)
        detector = YOLOX(str(self.detector), model_input_size=self.detector_size, **usual) if self.detector else None
        return lambda path, span, remarks: self.pose(
            path, span, remarks, lambda _: nullcontext(self._look(model, detector))
        )

    def components(self) -> Any:
        """Those of pose-format."""
        from pose_format.utils.cocowholebody133_header import cocowholebody_components

        return cocowholebody_components()

    def _check_files(self) -> None:
        if self.weights is None:
            raise ConfigError(
                "rtmpose needs weights, which do not come with it: --option weights=FILE.onnx, and where more than the"
                " signer is to be seen --option detector=FILE.onnx; the RTMPose project publishes both ('onnx_sdk')"
            )
        for file in (self.weights, self.detector):
            if file is not None and not (file.is_file() and file.suffix == ".onnx"):
                raise ConfigError(f"rtmpose: {file} is no ONNX file on this machine (unpack downloaded .zip archives)")

    def _look(self, model: Any, detector: Any) -> Look:
        def look(picture: Picture) -> NDArray[np.float32]:
            colours = np.ascontiguousarray(picture[..., ::-1])  # rtmlib counts on OpenCV's order of colours
            boxes = [] if detector is None else detector(colours)
            if detector is not None and len(boxes) == 0:
                return np.zeros((POINTS, 3), np.float32)
            places, scores = model(colours, bboxes=boxes)
            if places.shape[1:] != (POINTS, 2):
                raise ConfigError(f"{self.weights}: gives {places.shape[1]} points, not the {POINTS} of a whole body")
            person = int(scores.sum(-1).argmax())
            return _row(places[person], scores[person])

        return look


def _row(places: NDArray[Any], scores: NDArray[Any]) -> NDArray[np.float32]:
    """(133, x y confidence); a score may pass 1 a little, a confidence may not."""
    row: NDArray[np.float32] = np.concatenate([places, np.clip(scores, 0, 1)[:, None]], axis=1).astype(np.float32)
    row[~np.isfinite(row).all(-1)] = 0
    return row
