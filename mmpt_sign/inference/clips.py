"""Anything a user may call a pose, as a `Clip`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np

from mmpt_sign.errors import DataError
from mmpt_sign.inference.videos import clip_of_video, is_video
from mmpt_sign.poses.arrays import POINTS, clip_from_array, read_source
from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.layouts import by_point_count
from mmpt_sign.poses.read import from_pose, read
from mmpt_sign.records import Source


def kind_of(query: str | Path) -> Literal["pose", "video", "text"]:
    """What a query is, by the end of its name: whatever `as_clip` reads is no text."""
    return "pose" if Path(query).suffix.lower() in POINTS else "video" if is_video(query) else "text"


@contextmanager
def of_file(pose: Any) -> Iterator[None]:
    """Say which of many files it is that something is wrong with."""
    try:
        yield
    except DataError as error:
        if not isinstance(pose, str | Path) or str(pose) in str(error):
            raise
        raise DataError(f"{pose}: {error}") from error


def as_clip(pose: Any, points: str | None = None) -> Clip:
    """A path to a ``.pose``, ``.npy`` or video file, bytes of a pose, a ``pose_format.Pose``, an array, or a clip."""
    if isinstance(pose, Clip):
        return pose
    if isinstance(pose, bytes):
        return read(pose)
    if isinstance(pose, str | Path):
        path = Path(pose)
        if not path.is_file():
            raise DataError(f"{path}: no such pose file")
        if is_video(path):
            return clip_of_video(path)
        return read_source(Source(path, layout=points))
    if isinstance(pose, np.ndarray):
        return clip_from_array(pose, points or by_point_count(pose.shape))
    if hasattr(pose, "header") and hasattr(pose, "body"):
        return from_pose(pose)
    raise DataError(f"a {type(pose).__name__} is not a pose: give a path, bytes, a Pose object or a (T, V, C) array")
