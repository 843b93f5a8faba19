"""What an encoder sees of each frame: named blocks of numbers, put side by side.

A hand counts as seen where its wrist is.  ``shape``, ``turned_shape``, ``change`` and ``tips`` are in units of the
hand's own mean length over the clip (wrist to middle knuckle), so they fit any normalisation; ``path`` and ``velocity``
are in the units of the normalised clip.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from mmpt_sign.poses.clip import Clip, FloatArray, Layout, layout_of
from mmpt_sign.poses.names import BODY, HAND_POINTS, LEFT_HAND, RIGHT_HAND

TINY = 1e-6
WRIST, INDEX, MIDDLE, PINKY = (
    HAND_POINTS.index(name) for name in ("WRIST", "INDEX_FINGER_MCP", "MIDDLE_FINGER_MCP", "PINKY_MCP")
)
TIPS = [index for index, name in enumerate(HAND_POINTS) if name.endswith("TIP")]
HANDS = (LEFT_HAND, RIGHT_HAND)


def describe(clip: Clip, blocks: Sequence[str]) -> FloatArray:
    """(T, D): the blocks in the order given; a missing point contributes zeros."""
    parts = [BLOCKS[block](clip) for block in blocks]
    return (parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)).astype(np.float32, copy=False)


@lru_cache(maxsize=128)
def width(points: tuple[str, ...], dims: int, blocks: tuple[str, ...]) -> int:
    """D of `describe` for clips of these points."""
    empty = np.zeros((1, len(points), dims), np.float32)
    return int(describe(Clip(empty, empty[..., 0], layout_of(points)), blocks).shape[1])


def coordinates(clip: Clip) -> FloatArray:
    """All points as they are, point by point: V * C numbers."""
    return clip.data.reshape(len(clip), -1)


def body(clip: Clip) -> FloatArray:
    """The points of the body, without face and hands."""
    return clip.data[:, list(clip.layout.components.get(BODY, ()))].reshape(len(clip), -1)


def seen(clip: Clip) -> FloatArray:
    """One for each point that is there."""
    return (clip.confidence > 0).astype(np.float32)


def shape(clip: Clip) -> FloatArray:
    """Each hand seen from its wrist: 20 points a hand."""
    return _per_hand(clip, lambda hand, there: _from_wrist(hand, there)[:, 1:])


def turned_shape(clip: Clip) -> FloatArray:
    """Each hand in its own axes (wrist to middle knuckle, palm normal), so that its orientation does not matter."""
    return _per_hand(clip, _turned)


def change(clip: Clip) -> FloatArray:
    """How each hand's shape changed since the frame before."""
    return _per_hand(clip, lambda hand, there: _difference(_from_wrist(hand, there)[:, 1:], there))


def tips(clip: Clip) -> FloatArray:
    """The ten distances between the fingertips of each hand."""
    return _per_hand(clip, _tip_distances)


def path(clip: Clip) -> FloatArray:
    """Where each wrist is, in the picture plane."""
    return _per_hand(clip, lambda hand, there: hand[:, WRIST, :2] * there)


def velocity(clip: Clip) -> FloatArray:
    """How each wrist moved since the frame before."""
    return _per_hand(clip, lambda hand, there: _difference(hand[:, WRIST, :2], there))


def presence(clip: Clip) -> FloatArray:
    """One for each hand that is seen."""
    return _per_hand(clip, lambda hand, there: there)


BLOCKS: dict[str, Callable[[Clip], FloatArray]] = {
    block.__name__: block
    for block in (coordinates, body, seen, shape, turned_shape, change, tips, path, velocity, presence)
}


def hands_of(layout: Layout) -> list[tuple[int, ...]]:
    """Indices of the 21 points of each whole hand of a layout, left before right."""
    names = [[f"{hand}.{point}" for point in HAND_POINTS] for hand in HANDS]
    return [tuple(layout.position[n] for n in hand) for hand in names if all(n in layout.position for n in hand)]


def _per_hand(clip: Clip, block: Callable[[FloatArray, FloatArray], FloatArray]) -> FloatArray:
    """``block(points (T, 21, C), there (T, 1))`` of every hand, flattened and put side by side."""
    found = []
    for indices in hands_of(clip.layout):
        there = (clip.confidence[:, [indices[WRIST]]] > 0).astype(np.float32)
        found.append(block(clip.data[:, list(indices)], there).reshape(len(clip), -1))
    return np.concatenate(found, 1) if found else np.zeros((len(clip), 0), np.float32)


def _from_wrist(hand: FloatArray, there: FloatArray) -> FloatArray:
    """Points relative to the wrist over the mean length from wrist to middle knuckle."""
    relative: FloatArray = (hand - hand[:, WRIST : WRIST + 1]) * there[..., None]
    mean = float(np.linalg.norm(relative[:, MIDDLE], axis=-1).sum()) / max(float(there.sum()), 1.0)
    return relative / np.float32(mean) if mean > TINY else relative


def _turned(hand: FloatArray, there: FloatArray) -> FloatArray:
    points = _from_wrist(hand, there)
    if hand.shape[-1] == 2:
        along = _unit(points[:, MIDDLE])
        axes = np.stack([along, np.stack([-along[:, 1], along[:, 0]], -1)], -1)
    else:
        along = _unit(points[:, MIDDLE])
        normal = _unit(np.cross(along, points[:, INDEX] - points[:, PINKY]))
        axes = np.stack([along, np.cross(normal, along), normal], -1)
    turned: FloatArray = points[:, 1:] @ axes
    return turned


def _tip_distances(hand: FloatArray, there: FloatArray) -> FloatArray:
    ends = _from_wrist(hand, there)[:, TIPS]
    first, second = np.triu_indices(len(TIPS), 1)
    distances: FloatArray = np.linalg.norm(ends[:, first] - ends[:, second], axis=-1)
    return distances


def _difference(values: FloatArray, there: FloatArray) -> FloatArray:
    """Change since the frame before; zero where the hand is missing in one of the two."""
    moved = np.zeros_like(values)
    both = (there[1:] * there[:-1]).reshape(-1, *[1] * (values.ndim - 1))
    moved[1:] = (values[1:] - values[:-1]) * both
    return moved


def _unit(vectors: FloatArray) -> FloatArray:
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    unit: FloatArray = vectors / np.maximum(length, TINY)
    return unit
