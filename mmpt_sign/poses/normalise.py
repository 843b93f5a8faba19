"""Bring clips of any camera to one place and size.

``shoulders`` is the original's: one translation and one scale per clip, from the mean midpoint and the mean distance of
the shoulders.  Where a clip has none, the middle and the spread of all its points stand in.
"""

from __future__ import annotations

import numpy as np

from mmpt_sign.poses.clip import Clip, FloatArray
from mmpt_sign.poses.names import BODY, LEFT_HAND, LEGS, RIGHT_HAND

TINY = 1e-6
HAND_SIZE = 100.0  # the original's scale of a hand turned into its own plane


def in_one_unit(clip: Clip) -> Clip:
    """Depth brought to the unit of x and y, where the file says how."""
    if clip.data.shape[-1] < 3 or clip.unit_scale == (1.0, 1.0, 1.0):
        return clip
    return clip.with_data(clip.data * np.asarray(clip.unit_scale, np.float32))


def by_shoulders(clip: Clip) -> Clip:
    """Origin between the shoulders, their mean distance one."""
    left, right = (clip.layout.position.get(f"{BODY}.{side}_SHOULDER", -1) for side in ("LEFT", "RIGHT"))
    if left < 0 or right < 0:
        return by_spread(clip)
    seen = (clip.confidence[:, left] > 0) & (clip.confidence[:, right] > 0)
    a, b = clip.data[seen, left], clip.data[seen, right]
    distance = float(np.linalg.norm(a - b, axis=-1).mean()) if seen.any() else 0.0
    if distance < TINY:
        return by_spread(clip)
    return _moved(clip, ((a + b) / 2).mean(0), distance)


def by_hands(clip: Clip) -> Clip:
    """Origin at the mean wrist, unit the mean length from wrist to middle knuckle, over the hands that are seen."""
    wrists, sizes = [], []
    for hand in (LEFT_HAND, RIGHT_HAND):
        wrist, knuckle = (clip.layout.position.get(f"{hand}.{name}", -1) for name in ("WRIST", "MIDDLE_FINGER_MCP"))
        if wrist < 0 or knuckle < 0:
            continue
        seen = (clip.confidence[:, wrist] > 0) & (clip.confidence[:, knuckle] > 0)
        wrists.append(clip.data[seen, wrist])
        sizes.append(np.linalg.norm(clip.data[seen, knuckle] - clip.data[seen, wrist], axis=-1))
    if not wrists or not sum(map(len, wrists)) or float(np.concatenate(sizes).mean()) < TINY:
        return by_spread(clip)
    return _moved(clip, np.concatenate(wrists).mean(0), float(np.concatenate(sizes).mean()))


def by_spread(clip: Clip) -> Clip:
    """Origin at the mean of all seen points, unit their mean distance from it; for clips without anything better."""
    seen = clip.data[clip.confidence > 0]
    if not len(seen):
        return clip
    centre = seen.mean(0)
    return _moved(clip, centre, max(float(np.linalg.norm(seen - centre, axis=-1).mean()), TINY))


def by_hand_plane(clip: Clip) -> Clip:
    """The original's 3-D hand normalisation, frame by frame: palm facing the camera, middle finger up, size 100.

    The plane through wrist, little-finger knuckle and index knuckle is turned to face z, the line from the wrist to the
    middle knuckle to y; then the smallest coordinate of the clip becomes the origin.
    """
    names = [f"{RIGHT_HAND}.{name}" for name in ("WRIST", "PINKY_MCP", "INDEX_FINGER_MCP", "MIDDLE_FINGER_MCP")]
    wrist, pinky, index, middle = (clip.layout.position[name] for name in names)
    points = clip.data - clip.data[:, wrist : wrist + 1]
    normal = _unit(np.cross(points[:, pinky], points[:, index]))
    points = points @ _turn(normal, np.array([0, 0, 1], np.float32))
    line = points[:, middle] * np.array([1, 1, 0], np.float32)
    points = points @ _turn(_unit(line), np.array([0, 1, 0], np.float32))
    size = np.linalg.norm(points[:, middle], axis=-1)[:, None, None]
    points = np.where(size > TINY, points / np.maximum(size, TINY) * HAND_SIZE, 0)
    seen = clip.confidence > 0
    smallest = points[seen].min(0) if seen.any() else np.zeros(3, np.float32)
    return clip.with_data(np.where(seen[..., None], points - smallest, 0).astype(np.float32))


def without_legs(clip: Clip) -> Clip:
    """Knees and feet marked missing, as the original does; hips stay."""
    legs = [clip.layout.position[name] for name in (f"{BODY}.{leg}" for leg in LEGS) if name in clip.layout.position]
    if not legs:
        return clip
    data, confidence = clip.data.copy(), clip.confidence.copy()
    data[:, legs], confidence[:, legs] = 0, 0
    return clip.with_data(data, confidence)


def _moved(clip: Clip, centre: FloatArray, size: float) -> Clip:
    data = np.where(clip.confidence[..., None] > 0, (clip.data - centre) / size, np.float32(0))
    return clip.with_data(data.astype(np.float32))


def _unit(vectors: FloatArray) -> FloatArray:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: FloatArray = (vectors / np.maximum(length, TINY)).astype(np.float32)
    return unit


def _turn(source: FloatArray, target: FloatArray) -> FloatArray:
    """(T, 3, 3) to multiply row vectors with, turning each unit ``source`` to ``target`` (Rodrigues)."""
    cross = np.cross(source, target)
    cosine = source @ target
    skew = np.zeros((len(source), 3, 3), np.float32)
    skew[:, 0, 1], skew[:, 0, 2], skew[:, 1, 2] = -cross[:, 2], cross[:, 1], -cross[:, 0]
    skew -= skew.transpose(0, 2, 1)
    opposite = cosine < -1 + 1e-5
    factor = 1 / np.where(opposite, 1, 1 + cosine)
    turned = np.eye(3, dtype=np.float32) + skew + skew @ skew * factor[:, None, None]
    half_turn = np.diag(np.where(np.abs(target) > 0, -1, [1, -1, -1] if target[0] == 0 else [-1, 1, -1])).astype(np.float32)
    turned[opposite] = half_turn
    result: FloatArray = turned.transpose(0, 2, 1).astype(np.float32)
    return result
