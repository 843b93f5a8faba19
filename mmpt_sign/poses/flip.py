"""Mirror images: x negated about the origin, left and right points exchanged by name."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.poses.clip import Clip, layout_of
from mmpt_sign.poses.names import RIGHT_HAND, mirrored


def mirror(clip: Clip) -> Clip:
    """The clip as signed with the other hand; applied twice it is the clip again.

    The face is exchanged point by point too (the 61 pairs of the contour, and the rest of the mesh).  A point whose
    other side is not in the layout keeps its place: in a layout of one hand, the mirrored hand is still that hand.
    """
    order = mirror_order(clip.layout.points)
    data = clip.data.take(order, axis=1)
    data[..., 0] = np.float32(0) - data[..., 0]  # zero stays plain zero
    return clip.with_data(data, clip.confidence.take(order, axis=1))


def has_constant_right_hand(clip: Clip) -> bool:
    """The original's test for a left-handed signer: the numbers of the right hand have no variance over the clip.

    There a missing hand of a file with confidences was masked and never counted as constant; only sources without
    confidences have it as plain zeros.  Here both are missing points, so a source without confidences is told by having
    none between 0 and 1.
    """
    hand = list(clip.layout.components.get(RIGHT_HAND, ()))
    values = clip.data[:, hand][clip.confidence[:, hand] > 0]
    if not hand or len(values):
        return bool(hand) and float(np.ptp(values)) == 0.0
    return not ((clip.confidence > 0) & (clip.confidence < 1)).any()


@lru_cache(maxsize=128)
def mirror_order(points: tuple[str, ...]) -> NDArray[np.int64]:
    """For each point the index of the one on the other side of the body, or its own."""
    position = layout_of(points).position
    order = np.array([position.get(mirrored(name), index) for index, name in enumerate(points)], dtype=np.int64)
    order.setflags(write=False)
    return order
