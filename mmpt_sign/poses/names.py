"""The names of points: MediaPipe Holistic's own, and what other estimators call the same places."""

from __future__ import annotations

import re

from mmpt_sign.poses.face import FACE_MIRROR

BODY, FACE, LEFT_HAND, RIGHT_HAND = "POSE_LANDMARKS", "FACE_LANDMARKS", "LEFT_HAND_LANDMARKS", "RIGHT_HAND_LANDMARKS"
WORLD = "POSE_WORLD_LANDMARKS"

BODY_POINTS = (
    "NOSE LEFT_EYE_INNER LEFT_EYE LEFT_EYE_OUTER RIGHT_EYE_INNER RIGHT_EYE RIGHT_EYE_OUTER LEFT_EAR RIGHT_EAR "
    "MOUTH_LEFT MOUTH_RIGHT LEFT_SHOULDER RIGHT_SHOULDER LEFT_ELBOW RIGHT_ELBOW LEFT_WRIST RIGHT_WRIST "
    "LEFT_PINKY RIGHT_PINKY LEFT_INDEX RIGHT_INDEX LEFT_THUMB RIGHT_THUMB LEFT_HIP RIGHT_HIP LEFT_KNEE "
    "RIGHT_KNEE LEFT_ANKLE RIGHT_ANKLE LEFT_HEEL RIGHT_HEEL LEFT_FOOT_INDEX RIGHT_FOOT_INDEX"
).split()
HAND_POINTS = (
    "WRIST THUMB_CMC THUMB_MCP THUMB_IP THUMB_TIP INDEX_FINGER_MCP INDEX_FINGER_PIP INDEX_FINGER_DIP "
    "INDEX_FINGER_TIP MIDDLE_FINGER_MCP MIDDLE_FINGER_PIP MIDDLE_FINGER_DIP MIDDLE_FINGER_TIP RING_FINGER_MCP "
    "RING_FINGER_PIP RING_FINGER_DIP RING_FINGER_TIP PINKY_MCP PINKY_PIP PINKY_DIP PINKY_TIP"
).split()
SMALL_BODY = tuple(f"{side}_{joint}" for joint in ("SHOULDER", "ELBOW", "WRIST", "HIP") for side in ("LEFT", "RIGHT"))
LEGS = tuple(f"{side}_{joint}" for joint in ("KNEE", "ANKLE", "HEEL", "FOOT_INDEX") for side in ("LEFT", "RIGHT"))

_OPENPOSE_BODY = {
    "Nose": "NOSE", "REye": "RIGHT_EYE", "LEye": "LEFT_EYE", "REar": "RIGHT_EAR", "LEar": "LEFT_EAR",
    "LBigToe": "LEFT_FOOT_INDEX", "RBigToe": "RIGHT_FOOT_INDEX",
    **{
        f"{side[0]}{joint.title()}": f"{side}_{joint}"
        for side in ("LEFT", "RIGHT")
        for joint in ("SHOULDER", "ELBOW", "WRIST", "HIP", "KNEE", "ANKLE", "HEEL")
    },
}  # fmt: skip
_WHOLE_BODY = {name.lower(): name for name in BODY_POINTS} | {
    "left_big_toe": "LEFT_FOOT_INDEX",
    "right_big_toe": "RIGHT_FOOT_INDEX",
}
_HANDS = {
    "hand_left_keypoints_2d": LEFT_HAND, "hand_right_keypoints_2d": RIGHT_HAND,
    "LEFT_HAND": LEFT_HAND, "RIGHT_HAND": RIGHT_HAND,
}  # fmt: skip
_OTHER_SIDE = {"LEFT": "RIGHT", "RIGHT": "LEFT", "left": "right", "right": "left"}
_NUMBER_OF_POINTS = re.compile(r"_13[36]$")  # AlphaPose writes BODY_133, LEFT_HAND_136 and so on


def canonical(component: str, point: str, position: int) -> str:
    """The full name of a point as MediaPipe calls that place, or its own name where MediaPipe has none.

    Hands of 21 points have the same order everywhere, whatever their points are called.
    """
    bare = _NUMBER_OF_POINTS.sub("", component)
    if bare in _HANDS and position < len(HAND_POINTS):
        return f"{_HANDS[bare]}.{HAND_POINTS[position]}"
    if component in ("pose_keypoints_2d", "BODY_135") and point in _OPENPOSE_BODY:
        return f"{BODY}.{_OPENPOSE_BODY[point]}"
    if bare == "BODY" and point in _WHOLE_BODY:
        return f"{BODY}.{_WHOLE_BODY[point]}"
    return f"{component}.{point}"


def mirrored(name: str) -> str:
    """The name of the point on the other side of the body; on the middle line, its own."""
    component, _, point = name.partition(".")
    if component in (LEFT_HAND, RIGHT_HAND):
        return f"{RIGHT_HAND if component == LEFT_HAND else LEFT_HAND}.{point}"
    if component == FACE:
        return f"{component}.{FACE_MIRROR.get(point, point)}"
    return f"{component}." + "_".join(_OTHER_SIDE.get(word, word) for word in point.split("_"))
