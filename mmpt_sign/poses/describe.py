"""What an encoder sees of each frame: named blocks of numbers, put side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from mmpt_sign.poses.clip import Clip, FloatArray, Layout
from mmpt_sign.poses.names import BODY, LEFT_HAND, RIGHT_HAND

TINY = 1e-6


def describe(clip: Clip, blocks: Sequence[str]) -> FloatArray:
    """(T, D): the blocks in the order given; a missing point contributes zeros."""
    return np.concatenate([BLOCKS[block](clip) for block in blocks], axis=1).astype(np.float32)


def width(layout: Layout, dims: int, blocks: Sequence[str]) -> int:
    """D of `describe` for clips of this layout."""
    one = Clip(np.zeros((1, len(layout), dims), np.float32), np.zeros((1, len(layout)), np.float32), layout)
    return describe(one, blocks).shape[1]


def coordinates(clip: Clip) -> FloatArray:
    """All points as they are, point by point."""
    return clip.data.reshape(len(clip), -1)


def body(clip: Clip) -> FloatArray:
    """The points of the body alone."""
    return clip.data[:, list(clip.layout.components.get(BODY, ()))].reshape(len(clip), -1)


def shape(clip: Clip) -> FloatArray:
    """Each hand seen from its wrist, in units of its own mean length over the clip."""
    return _per_hand(clip, _shape)


def turned_shape(clip: Clip) -> FloatArray:
    """Each hand in its own axes (wrist to middle knuckle, palm normal), so that its orientation does not matter."""
    return _per_hand(clip, _turned)


def path(clip: Clip) -> FloatArray:
    """Where each wrist is in the picture."""
    return _per_hand(clip, lambda points, seen: points[:, 0, :2] * seen)


def velocity(clip: Clip) -> FloatArray:
    """How each wrist moved since the frame before."""
    return _per_hand(clip, _velocity)


def presence(clip: Clip) -> FloatArray:
    """One for each hand that is seen."""
    return _per_hand(clip, lambda points, seen: seen)


BLOCKS: dict[str, Callable[[Clip], FloatArray]] = {
    "coordinates": coordinates,
    "body": body,
    "shape": shape,
    "turned_shape": turned_shape,
    "path": path,
    "velocity": velocity,
    "presence": presence,
}


def _per_hand(clip: Clip, block: Callable[[FloatArray, FloatArray], FloatArray]) -> FloatArray:
    """``block(points (T, 21, C), seen (T, 1))`` of every hand the layout has."""
    found = [
        block(clip.data[:, list(indices)], (clip.confidence[:, indices[:1]] > 0).astype(np.float32))
        for hand in (LEFT_HAND, RIGHT_HAND)
        if (indices := clip.layout.components.get(hand))
    ]
    return np.concatenate(found, 1) if found else np.zeros((len(clip), 0), np.float32)


def _from_wrist(points: FloatArray, seen: FloatArray) -> FloatArray:
    """Points relative to the wrist over the mean length from wrist to middle knuckle."""
    relative = (points - points[:, :1]) * seen[..., None]
    length = np.linalg.norm(relative[:, 9], axis=-1)
    mean = float(length.sum() / max(float(seen.sum()), 1.0))
    scaled: FloatArray = (relative / max(mean, TINY)).astype(np.float32)
    return scaled if mean > TINY else relative


def _shape(points: FloatArray, seen: FloatArray) -> FloatArray:
    return _from_wrist(points, seen)[:, 1:].reshape(len(points), -1)


def _turned(points: FloatArray, seen: FloatArray) -> FloatArray:
    hand = _from_wrist(points, seen)
    if hand.shape[-1] < 3:
        return hand[:, 1:].reshape(len(hand), -1)
    along = _unit(hand[:, 9])
    normal = _unit(np.cross(along, hand[:, 5] - hand[:, 17]))
    axes = np.stack([along, np.cross(normal, along), normal], -1)
    return (hand[:, 1:] @ axes).reshape(len(hand), -1)


def _velocity(points: FloatArray, seen: FloatArray) -> FloatArray:
    wrist = points[:, 0, :2]
    moved = np.zeros_like(wrist)
    moved[1:] = (wrist[1:] - wrist[:-1]) * seen[1:] * seen[:-1]
    return moved


def _unit(vectors: FloatArray) -> FloatArray:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: FloatArray = vectors / np.maximum(length, TINY)
    return unit
