"""A clip as the bytes of a ``.pose`` file, for clients that want to go on with it.

The clips of an index lie in files of many kinds; whoever asks gets the one kind that every route here reads.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from mmpt_sign.poses.clip import Clip

VERSION = 0.2
COLOUR = (90, 120, 160)


def pose_file(clip: Clip) -> bytes:
    """One person of version 0.2; read again, it is the same clip.

    The width of the picture stands for the unit of depth, because that is how readers come to know it.
    """
    from pose_format import Pose
    from pose_format.numpy import NumPyPoseBody
    from pose_format.pose_header import PoseHeader, PoseHeaderDimensions

    unit = round(clip.unit_scale[2])
    width = unit if unit > 1 else 0
    header = PoseHeader(VERSION, PoseHeaderDimensions(width, width, width), _components(clip))
    order = [index for indices in clip.layout.components.values() for index in indices]
    body = NumPyPoseBody(clip.fps, np.ma.masked_array(clip.data[:, None, order]), clip.confidence[:, None, order])
    written = BytesIO()
    Pose(header, body).write(written)
    return written.getvalue()


def _components(clip: Clip) -> list[Any]:
    """With the lines that belong to their points, so that other programs can draw them."""
    from pose_format.pose_header import PoseHeaderComponent

    from mmpt_sign.look.limbs import limbs

    names, found = clip.layout.points, []
    ends = [(limb.start, limb.end) for limb in limbs(names)]
    for component, indices in clip.layout.components.items():
        place = {index: number for number, index in enumerate(indices)}
        lines = [(place[start], place[end]) for start, end in ends if start in place and end in place]
        points = [names[index].partition(".")[2] for index in indices]
        axes = "XYZ"[: clip.data.shape[-1]] + "C"
        found.append(PoseHeaderComponent(component, points, lines, [COLOUR], axes))
    return found
