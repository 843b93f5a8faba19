"""The original's way from a pose file to model input, step by step as its description says, for comparison only.

Slow and plain on purpose: pose-format's own calls and its loop over points.  It is the oracle of the tests and what
``benchmarks/pose.py`` measures against.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pose_format import Pose

from mmpt_sign.poses.face import FACE_CONTOUR

COMPONENTS = ["POSE_LANDMARKS", "FACE_LANDMARKS", "LEFT_HAND_LANDMARKS", "RIGHT_HAND_LANDMARKS"]
LEGS = [f"{side}_{joint}" for joint in ("KNEE", "ANKLE", "HEEL", "FOOT_INDEX") for side in ("LEFT", "RIGHT")]
LONGEST = 256


def model_input(path: Path, ratio: float | None = None) -> NDArray[np.float32]:
    """(T, 609): read, select, normalise, hide legs, change the speed by ``ratio``, zero what is missing, flatten."""
    pose = Pose.read(path.read_bytes())
    pose = selected(pose)
    normalised(pose)
    without_legs(pose)
    if ratio is not None:
        resampled(pose, ratio)
    return flat(pose)


def selected(pose: Any) -> Any:
    """The reduced face: 33 + 128 + 21 + 21 points."""
    return pose.get_components(COMPONENTS, {"FACE_LANDMARKS": list(FACE_CONTOUR)})


def normalised(pose: Any) -> Any:
    """One translation and one scale per clip, from the shoulders in three dimensions."""
    right, left = ("POSE_LANDMARKS", "RIGHT_SHOULDER"), ("POSE_LANDMARKS", "LEFT_SHOULDER")
    return pose.normalize(pose.header.normalization_info(p1=right, p2=left))


def without_legs(pose: Any) -> None:
    """Eight points of the body set to nothing."""
    for name in LEGS:
        index = pose.header.get_point_index("POSE_LANDMARKS", name)
        pose.body.data[:, :, index, :] = 0
        pose.body.confidence[:, :, index] = 0


def resampled(pose: Any, ratio: float) -> None:
    """Another speed, where the clip stays short enough; the new frame rate is a whole number."""
    frames = len(pose.body.data)
    if frames > 1 and frames * ratio < LONGEST:
        pose.body = pose.body.interpolate(round(pose.body.fps * ratio), kind="linear")


def flat(pose: Any) -> NDArray[np.float32]:
    """(T, V * C) of the first person, zeros for what is missing."""
    data = np.nan_to_num(np.ma.filled(pose.body.data, 0), nan=0.0, posinf=0.0, neginf=0.0)
    rows: NDArray[np.float32] = data[:, 0].reshape(len(data), -1).astype(np.float32)
    return rows
