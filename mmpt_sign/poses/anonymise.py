"""Take a signer's appearance out of a clip: the first frame goes, the mean of many signers comes in its place.

In units of the shoulder width, every point of body and face moves by one vector in all frames: from where this signer
has it in the first frame to where the mean signer has it.  Hands and the eight hand points of the body keep their own
values, because their shape is the sign.  The result lies in a picture 512 wide, as the package pose-anonymization
writes it, which also brings the mean pose.

What this hides is the build of face and body.  It does not hide how somebody moves, the proportions of the fingers, or
what is signed: people who know a signer may still recognise the clip.

The first frame of a point is the first one that sees it (``seen``).  The original takes the first frame of the clip
(``clip``), and a point that is missing there is gone from the whole clip.  A point that the mean pose does not have
(the face of other estimators than MediaPipe) cannot be anonymised and is marked missing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import NotInstalledError
from mmpt_sign.poses.clip import Clip, FloatArray, without
from mmpt_sign.poses.names import BODY, LEFT_HAND, RIGHT_HAND
from mmpt_sign.poses.normalise import SHOULDERS, by_shoulders

First = Literal["seen", "clip"]
SHIFT, SHOULDER_WIDTH = 1.25, 204.8  # of the picture that the package writes: 512 / 1.25 / 2
HANDS = (f"{LEFT_HAND}.", f"{RIGHT_HAND}.")
KEPT = {f"{BODY}.{side}_{point}" for side in ("LEFT", "RIGHT") for point in ("WRIST", "PINKY", "INDEX", "THUMB")}
# Depth of the mean pose is in fractions of the width of pictures that it does not tell.  The slope of the depth of the
# face over the mean's, of sixteen clips of seven sources in one unit, has the median 380.
PICTURE_WIDTH = 380.0


def anonymised(clip: Clip, first: First = "seen", *, one_unit: bool = False) -> Clip:
    """The clip with the mean signer's body and face; ``one_unit`` says that depth is in the unit of x and y."""
    placed = by_shoulders(clip)
    mean, known, kept = _mean_pose(clip.layout.points, clip.data.shape[-1], one_unit)
    own, found = _appearance(placed, first)
    moved = known & found & ~kept
    data = placed.data.copy()
    data[:, moved] += (mean - own)[moved]
    confidence = placed.confidence * (moved | kept)
    data += np.float32(SHIFT)
    data *= np.float32(SHOULDER_WIDTH)
    return clip.with_data(without(data, confidence == 0), confidence)


def _appearance(clip: Clip, first: First) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Where each point (V, C) is in its first frame, and which points have one."""
    seen = clip.confidence > 0
    frame = seen.argmax(0) if first == "seen" else np.zeros(seen.shape[1], np.int64)
    points = np.arange(seen.shape[1])
    return clip.data[frame, points], seen[frame, points]


@lru_cache(maxsize=32)
def _mean_pose(
    points: tuple[str, ...], dims: int, one_unit: bool
) -> tuple[FloatArray, NDArray[np.bool_], NDArray[np.bool_]]:
    """The mean signer (V, C) in shoulder widths, which points it has, and which points of a clip stay as they are."""
    means = _means()
    known = np.array([name in means for name in points])
    table = np.array([means.get(name, (0.0, 0.0, 0.0)) for name in (*SHOULDERS, *points)])
    table = (table * (1.0, 1.0, PICTURE_WIDTH if one_unit else 1.0))[:, :dims]
    left, right = table[0], table[1]
    mean = (table[2:] - (left + right) / 2) / np.linalg.norm(left - right)
    kept = np.array([name in KEPT or name.startswith(HANDS) for name in points])
    for array in (known, kept):
        array.setflags(write=False)
    return mean.astype(np.float32), known, kept


@lru_cache(maxsize=1)
def _means() -> dict[str, tuple[float, ...]]:
    """The mean position of each point over the package's signers, by name."""
    try:
        from pose_anonymization.data import load_mean_and_std, load_pose_header
    except ImportError as error:
        raise NotInstalledError("pose-anonymization", "pose") from error
    header = load_pose_header()
    names = [f"{component.name}.{point}" for component in header.components for point in component.points]
    return {name: tuple(map(float, mean)) for name, mean in zip(names, load_mean_and_std()[0], strict=True)}
