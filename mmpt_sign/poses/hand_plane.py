"""The original's 3-D normalisation of a hand, frame by frame: the palm turned to the camera, the middle finger up.

Same steps and numbers as pose-format's ``PoseNormalizer`` (plane through wrist, little-finger and index knuckle; line
from the wrist to the middle knuckle; size 100) followed by ``Pose.focus``, for all frames at once and for each hand.
Its turn to the normal is not quite a rotation (two of the new axes are not of unit length); released models of this
recipe were trained with that, so it is kept.
"""

from __future__ import annotations

import numpy as np

from mmpt_sign.errors import DataError
from mmpt_sign.poses.clip import Clip, FloatArray
from mmpt_sign.poses.names import HAND_POINTS, LEFT_HAND, RIGHT_HAND

SIZE = 100.0
WRIST, PINKY, INDEX, MIDDLE = (
    HAND_POINTS.index(name) for name in ("WRIST", "PINKY_MCP", "INDEX_FINGER_MCP", "MIDDLE_FINGER_MCP")
)


def hand_plane(clip: Clip) -> Clip:
    """Each whole hand of the clip in its own plane; the smallest coordinate of each hand over the clip becomes 0."""
    if clip.data.shape[-1] != 3:
        raise DataError("normalising by the plane of the hand needs three dimensions")
    data, confidence = clip.data.copy(), clip.confidence.copy()
    for hand in (LEFT_HAND, RIGHT_HAND):
        places = [clip.layout.position.get(f"{hand}.{name}") for name in HAND_POINTS]
        indices = [place for place in places if place is not None]
        if len(indices) != len(HAND_POINTS):
            continue
        turned, usable = _turned(clip.data[:, indices].astype(np.float64), clip.confidence[:, indices])
        seen = (confidence[:, indices] > 0) & usable[:, None]
        turned -= turned[seen].min(0) if seen.any() else 0
        data[:, indices] = np.where(seen[..., None], turned, 0)
        confidence[:, indices] *= seen
    return clip.with_data(data, confidence)


def _turned(points: np.ndarray, confidence: FloatArray) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """(T, 21, 3) in the plane of the hand, and the frames in which that plane exists."""
    with np.errstate(divide="ignore", invalid="ignore"):
        points = points - points[:, WRIST : WRIST + 1]
        normal = np.cross(points[:, PINKY], points[:, INDEX])
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
        across = np.cross(np.array([1.0, 0.0, 0.0]), normal)
        points = points @ np.stack([np.cross(normal, across), across, normal], axis=-1)
        angle = -(np.pi / 2 + np.arctan2(points[:, MIDDLE, 1], points[:, MIDDLE, 0]))
        cosine, sine, zero, one = np.cos(angle), np.sin(angle), np.zeros_like(angle), np.ones_like(angle)
        turn = np.array([[cosine, sine, zero], [-sine, cosine, zero], [zero, zero, one]]).transpose(2, 0, 1)
        points = points @ turn
        points *= (SIZE / np.linalg.norm(points[:, MIDDLE], axis=-1))[:, None, None]
    usable = np.isfinite(points).all((1, 2)) & (confidence[:, [WRIST, PINKY, INDEX, MIDDLE]] > 0).all(1)
    return np.where(usable[:, None, None], points, 0), usable
