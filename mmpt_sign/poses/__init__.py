"""Poses: reading, choosing points, normalising, augmenting, describing.

>>> import mmpt_sign
>>> clip = mmpt_sign.poses.read("house.pose")  # doctest: +SKIP
"""

from mmpt_sign.poses.clip import Clip, Layout
from mmpt_sign.poses.read import frame_count, from_pose, read

__all__ = ["Clip", "Layout", "frame_count", "from_pose", "read"]
