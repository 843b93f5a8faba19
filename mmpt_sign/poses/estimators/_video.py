"""What all estimators share that look at the pictures of a video."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mmpt_sign.config.contracts import Estimator
from mmpt_sign.errors import DataError
from mmpt_sign.video.decode import Frames, Picture, cut
from mmpt_sign.video.span import Span

Look = Callable[[Picture], NDArray[np.float32]]
LookAt = Callable[[Frames], AbstractContextManager[Look]]


class VideoEstimator(Estimator):
    """Looks at one picture after the other and keeps the points alone: an hour of 576 points takes 1 GB."""

    library: ClassVar[str]

    keep_empty: bool = Field(False, description="write a pose even if nobody was found in any frame")

    def identity(self) -> dict[str, Any]:
        """Releases of a library differ in their results, so two of them never share a folder."""
        try:
            return {**super().identity(), "library": f"{self.library} {version(self.library)}"}
        except PackageNotFoundError:
            return super().identity()

    @abstractmethod
    def components(self) -> Any:
        """The components of the header, in the order of the points."""

    def pose(self, path: Path, span: Span, remarks: list[str], look_at: LookAt) -> Any:
        """The pose of a span; ``look_at`` opens a new clip as what gives (points, x y … confidence)."""
        from pose_format import Pose
        from pose_format.numpy import NumPyPoseBody
        from pose_format.pose_header import PoseHeader, PoseHeaderDimensions

        pictures = cut(path, span, fps=self.fps)
        kept, shape = bytearray(), (0, 0)  # grows in place, so that twice as much is never needed
        with look_at(pictures) as look:
            for picture in pictures:
                points = look(picture)
                shape = points.shape
                kept += points.tobytes()
        found = np.frombuffer(kept, np.float32).reshape(-1, 1, *shape)
        if not self.keep_empty and not found[..., -1].any():
            raise DataError(f"{path}: nobody was found in any of {len(found)} frames")
        remarks += pictures.remarks
        size = PoseHeaderDimensions(width=pictures.info.width, height=pictures.info.height, depth=0)
        body = NumPyPoseBody(fps=pictures.fps, data=found[..., :-1], confidence=found[..., -1])
        return Pose(PoseHeader(0.2, size, self.components()), body)
