"""The names of points: MediaPipe Holistic's own, and what other estimators call the same places."""

from __future__ import annotations

BODY, FACE, LEFT_HAND, RIGHT_HAND = "POSE_LANDMARKS", "FACE_LANDMARKS", "LEFT_HAND_LANDMARKS", "RIGHT_HAND_LANDMARKS"
WORLD = "POSE_WORLD_LANDMARKS"

BODY_POINTS = (
    "NOSE LEFT_EYE_INNER LEFT_EYE LEFT_EYE_OUTER RIGHT_EYE_INNER RIGHT_EYE RIGHT_EYE_OUTER LEFT_EAR RIGHT_EAR "
    "MOUTH_LEFT MOUTH_RIGHT LEFT_SHOULDER RIGHT_SHOULDER LEFT_ELBOW RIGHT_ELBOW LEFT_WRIST RIGHT_WRIST LEFT_PINKY "
    "RIGHT_PINKY LEFT_INDEX RIGHT_INDEX LEFT_THUMB RIGHT_THUMB LEFT_HIP RIGHT_HIP LEFT_KNEE RIGHT_KNEE LEFT_ANKLE "
    "RIGHT_ANKLE LEFT_HEEL RIGHT_HEEL LEFT_FOOT_INDEX RIGHT_FOOT_INDEX"
).split()
HAND_POINTS = (
    "WRIST THUMB_CMC THUMB_MCP THUMB_IP THUMB_TIP INDEX_FINGER_MCP INDEX_FINGER_PIP INDEX_FINGER_DIP INDEX_FINGER_TIP "
    "MIDDLE_FINGER_MCP MIDDLE_FINGER_PIP MIDDLE_FINGER_DIP MIDDLE_FINGER_TIP RING_FINGER_MCP RING_FINGER_PIP "
    "RING_FINGER_DIP RING_FINGER_TIP PINKY_MCP PINKY_PIP PINKY_DIP PINKY_TIP"
).split()
SMALL_BODY = tuple(
    f"{side}_{joint}" for joint in ("SHOULDER", "ELBOW", "WRIST", "HIP") for side in ("LEFT", "RIGHT")
)
LEGS = tuple(f"{side}_{joint}" for joint in ("KNEE", "ANKLE", "HEEL", "FOOT_INDEX") for side in ("LEFT", "RIGHT"))

FACE_CONTOUR = tuple(
    (
        "0 7 10 13 14 17 21 33 37 39 40 46 52 53 54 55 58 61 63 65 66 67 70 78 80 81 82 84 87 88 91 93 95 103 105 107 "
        "109 127 132 133 136 144 145 146 148 149 150 152 153 154 155 157 158 159 160 161 162 163 172 173 176 178 181 "
        "185 191 234 246 249 251 263 267 269 270 276 282 283 284 285 288 291 293 295 296 297 300 308 310 311 312 314 "
        "317 318 321 323 324 332 334 336 338 356 361 362 365 373 374 375 377 378 379 380 381 382 384 385 386 387 388 "
        "389 390 397 398 400 402 405 409 415 454 466"
    ).split()
)
FACE_MIRROR = {
    a: b
    for pair in (
        "7-249 21-251 33-263 37-267 39-269 40-270 46-276 52-282 53-283 54-284 55-285 58-288 61-291 63-293 65-295 66-296 "
        "67-297 70-300 78-308 80-310 81-311 82-312 84-314 87-317 88-318 91-321 93-323 95-324 103-332 105-334 107-336 "
        "109-338 127-356 132-361 133-362 136-365 144-373 145-374 146-375 148-377 149-378 150-379 153-380 154-381 "
        "155-382 157-384 158-385 159-386 160-387 161-388 162-389 163-390 172-397 173-398 176-400 178-402 181-405 "
        "185-409 191-415 234-454 246-466"
    ).split()
    for a, b in (pair.split("-"), pair.split("-")[::-1])
}
ASL_SIGNS_FACE = tuple(
    str(n)
    for n in sorted(
        map(
            int,
            (
                "1 2 98 327 0 61 185 40 39 37 267 269 270 409 291 146 91 181 84 17 314 405 321 375 78 191 80 81 82 13 "
                "312 311 310 415 95 88 178 87 14 317 402 318 324 308 33 7 163 144 145 153 154 155 133 246 161 160 159 "
                "158 157 173 263 249 390 373 374 380 381 382 362 466 388 387 386 385 384 398"
            ).split(),
        )
    )
)

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
_OPENPOSE_HANDS = {"hand_left_keypoints_2d": LEFT_HAND, "hand_right_keypoints_2d": RIGHT_HAND}
_WHOLE_BODY_HANDS = {"LEFT_HAND": LEFT_HAND, "RIGHT_HAND": RIGHT_HAND}


def canonical(component: str, point: str, position: int) -> str:
    """The full name of a point as MediaPipe calls that place, or its own name where MediaPipe has none."""
    hand = {**_OPENPOSE_HANDS, **_WHOLE_BODY_HANDS}.get(component)
    if hand is not None and position < len(HAND_POINTS):
        return f"{hand}.{HAND_POINTS[position]}"
    if component in ("pose_keypoints_2d", "BODY_135") and point in _OPENPOSE_BODY:
        return f"{BODY}.{_OPENPOSE_BODY[point]}"
    if component == "BODY" and point in _WHOLE_BODY:
        return f"{BODY}.{_WHOLE_BODY[point]}"
    return f"{component}.{point}"


def mirrored(name: str) -> str:
    """The name of the point on the other side of the body."""
    component, _, point = name.partition(".")
    if component in (LEFT_HAND, RIGHT_HAND):
        return f"{RIGHT_HAND if component == LEFT_HAND else LEFT_HAND}.{point}"
    if component == FACE:
        return f"{component}.{FACE_MIRROR.get(point, point)}"
    words = ["RIGHT" if w == "LEFT" else "LEFT" if w == "RIGHT" else w for w in point.split("_")]
    return f"{component}.{'_'.join(words)}"
