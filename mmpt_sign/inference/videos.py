"""Videos as clips of points, through MediaPipe Holistic: what a model that reads poses needs to look at a video."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmpt_sign.errors import DataError
from mmpt_sign.poses.read import from_pose
from mmpt_sign.registry import build
from mmpt_sign.video.source import SUFFIXES
from mmpt_sign.video.span import Span

if TYPE_CHECKING:
    from mmpt_sign.poses.clip import Clip

VideoPath = str | Path


def is_video(path: VideoPath) -> bool:
    """By the end of its name."""
    return Path(path).suffix.lower() in SUFFIXES


def clip_of_video(video: VideoPath) -> Clip:
    """The points of one video."""
    return next(clips_of_videos(video))


def clips_of_videos(videos: VideoPath | Iterable[VideoPath]) -> Iterator[Clip]:
    """The points of each video, one after the other: MediaPipe is imported once."""
    given = [videos] if isinstance(videos, str | Path) else videos
    estimate: Callable[..., Any] | None = None
    for video in given:
        path = Path(video)
        if not path.is_file():
            raise DataError(f"{path}: no such video")
        if estimate is None:
            estimate = _estimator()
        yield _clip(estimate, path)


def _estimator() -> Callable[..., Any]:
    started: Callable[..., Any] = build("estimator", name="mediapipe").start()
    return started


def _clip(estimate: Callable[..., Any], path: Path) -> Clip:
    return from_pose(estimate(path, Span(), []))
