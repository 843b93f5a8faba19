"""Mirror images: x negated about the clip's own middle or the origin, left and right points exchanged by name."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.poses.clip import Clip, Layout
from mmpt_sign.poses.names import LEFT_HAND, RIGHT_HAND, mirrored


def mirror(clip: Clip) -> Clip:
    """The clip as signed by the other hand; applied twice it is the clip again.

    A layout with one hand only keeps its names: the mirrored left hand is then read as a right one.
    """
    data, confidence = clip.data.copy(), clip.confidence
    data[..., 0] = np.where(confidence > 0, -data[..., 0], 0)
    order = _order(clip.layout.points)
    return clip.with_data(data[:, order], confidence[:, order])


@lru_cache(maxsize=64)
def _order(points: tuple[str, ...]) -> NDArray[np.int64]:
    position = Layout(points).position
    both_hands = {name.partition(".")[0] for name in points} >= {LEFT_HAND, RIGHT_HAND}
    order = np.arange(len(points))
    for index, name in enumerate(points):
        is_hand = name.startswith((LEFT_HAND, RIGHT_HAND))
        if both_hands or not is_hand:
            order[index] = position.get(mirrored(name), index)
    return order
