"""A drawn person who waves: enough for a pose estimator to find a body, without anybody's face in the repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np

from mmpt_sign.video.decode import Picture

WIDTH, HEIGHT = 320, 240
SKIN, SHIRT, HAIR, WALL = (224, 172, 140), (40, 70, 150), (60, 40, 25), (205, 210, 205)


def waving(phase: float) -> Picture:
    """Head, torso and two arms; ``phase`` 0 … 1 lifts the right one."""
    import cv2

    picture = np.full((HEIGHT, WIDTH, 3), WALL, np.uint8)
    hand = (int(105 - 20 * phase), int(170 - 110 * phase))
    elbow = (int(108 - 12 * phase), int(165 - 25 * phase))
    cv2.ellipse(picture, (160, 235), (52, 105), 0, 180, 360, SHIRT, -1)
    for joint, end in (((205, 150), (215, 205)), ((115, 150), elbow)):
        cv2.line(picture, joint, end, SHIRT, 24, cv2.LINE_AA)
    for start, end in (((215, 205), (190, 225)), (elbow, hand)):
        cv2.line(picture, start, end, SKIN, 16, cv2.LINE_AA)
        cv2.circle(picture, end, 11, SKIN, -1, cv2.LINE_AA)
    cv2.rectangle(picture, (150, 105), (170, 140), SKIN, -1)
    cv2.ellipse(picture, (160, 78), (30, 40), 0, 0, 360, HAIR, -1, cv2.LINE_AA)
    cv2.ellipse(picture, (160, 86), (26, 34), 0, 0, 360, SKIN, -1, cv2.LINE_AA)
    for eye in (149, 171):
        cv2.ellipse(picture, (eye, 80), (5, 3), 0, 0, 360, (250, 250, 250), -1, cv2.LINE_AA)
        cv2.circle(picture, (eye, 80), 2, (20, 20, 20), -1, cv2.LINE_AA)
        cv2.line(picture, (eye - 6, 72), (eye + 6, 72), HAIR, 2, cv2.LINE_AA)
    cv2.line(picture, (160, 84), (158, 94), (190, 140, 110), 2, cv2.LINE_AA)
    cv2.ellipse(picture, (160, 105), (9, 3), 0, 0, 360, (170, 70, 70), -1, cv2.LINE_AA)
    return picture


def make_figure(path: Path, count: int = 6, fps: int = 15) -> Path:
    """The figure as a video file."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(waving(number / max(count - 1, 1)), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
