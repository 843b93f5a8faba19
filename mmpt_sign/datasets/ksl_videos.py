"""Sixteen videos of Korean signs with their estimated poses: eight words, two people each."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mmpt_sign.datasets._pose_set import PoseSet


class KslVideos(PoseSet):
    """One split called ``all``; ``splits: {all: test}`` or ``split_by: random`` gives it another name."""

    name: Literal["ksl_videos"] = "ksl_videos"
    file: str = Field("{pose}", description="name of a row's pose file; {column} stands for the row's value")
