"""Bring clips of any camera to one place and size; a missing point stays missing and zero.

==================== ============================================ ================================================
name                 origin                                       unit
==================== ============================================ ================================================
shoulders            mean midpoint of the shoulders over the clip their mean distance (the original's)
shoulders_and_wrists that, then each hand's own wrist per frame   as ``shoulders``
hands                mean wrist over the clip, both hands         mean length from wrist to middle knuckle
wrist                each hand's own wrist in each frame          as ``hands``
wrist_per_frame      each hand's own wrist in each frame          that hand's length in that frame
hand_plane           smallest coordinate of the hand in the clip  length 100 in each frame, the palm to the camera
spread               mean of all points                           their mean distance from it
==================== ============================================ ================================================

What a clip cannot give is replaced: without shoulders (not in the layout, or never both seen) the hands stand in, their
length counted as 1 / 3.6 of a shoulder width (the median over the fingerspelling lexicon), and without hands the spread
of all points.  A clip in which nothing is seen is left alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.poses.clip import Clip, each_axis, without
from mmpt_sign.poses.hand_plane import hand_plane
from mmpt_sign.poses.names import BODY, LEFT_HAND, LEGS, RIGHT_HAND, WORLD

TINY = 1e-6
HANDS_PER_SHOULDER_WIDTH = 3.6
SHOULDERS = (f"{BODY}.LEFT_SHOULDER", f"{BODY}.RIGHT_SHOULDER")
HANDS = (LEFT_HAND, RIGHT_HAND)

Place: TypeAlias = tuple[NDArray[np.float64], float]  # origin and unit


def normalised(clip: Clip, how: str) -> Clip:
    """The clip normalised in one of the ways of this module's table, or as it is (``none``)."""
    return clip if how == "none" else WAYS[how](clip)


def anchors(how: str) -> tuple[str, ...]:
    """Points that a way of normalising looks at, which must be there until it is done."""
    hands = tuple(f"{hand}.{point}" for hand in HANDS for point in ("WRIST", "MIDDLE_FINGER_MCP"))
    return {
        "shoulders": SHOULDERS + hands,
        "shoulders_and_wrists": SHOULDERS + hands,
        "hands": hands,
        "wrist": hands,
        "wrist_per_frame": hands,
    }.get(how, ())


def in_one_unit(clip: Clip) -> Clip:
    """Depth brought to the unit of x and y, where the file says how."""
    factors = clip.unit_scale[: clip.data.shape[-1]]
    if all(factor == 1 for factor in factors):
        return clip
    data = clip.rows * each_axis(np.asarray(factors), len(clip.layout))
    return Clip(data.reshape(clip.data.shape), clip.confidence, clip.layout, clip.fps)


def by_shoulders(clip: Clip) -> Clip:
    """Origin between the shoulders, unit their mean distance: one translation and one scale for the clip."""
    place = _shoulder_place(clip)
    if place is None and (hands := _hand_place(clip)) is not None:
        place = hands[0], hands[1] * HANDS_PER_SHOULDER_WIDTH
    return _moved(clip, place or _spread_place(clip))


def by_shoulders_and_wrists(clip: Clip) -> Clip:
    """As `by_shoulders`, then every hand moved to its own wrist in every frame (sign-vq)."""
    return _centred(by_shoulders(clip), per_frame=False)


def by_hands(clip: Clip) -> Clip:
    """Origin at the mean wrist, unit the mean hand length: the path of the hands is kept."""
    return _moved(clip, _hand_place(clip) or _spread_place(clip))


def by_wrist(clip: Clip) -> Clip:
    """As `by_hands`, then every hand moved to its own wrist in every frame; other points are as in `by_hands`."""
    return _centred(by_hands(clip), per_frame=False)


def by_wrist_per_frame(clip: Clip) -> Clip:
    """As `by_wrist`, but every hand has length one in every frame."""
    return _centred(by_hands(clip), per_frame=True)


def by_spread(clip: Clip) -> Clip:
    """Origin at the mean of all seen points, unit their mean distance from it."""
    return _moved(clip, _spread_place(clip))


WAYS: dict[str, Callable[[Clip], Clip]] = {
    "shoulders": by_shoulders,
    "shoulders_and_wrists": by_shoulders_and_wrists,
    "hands": by_hands,
    "wrist": by_wrist,
    "wrist_per_frame": by_wrist_per_frame,
    "hand_plane": hand_plane,
    "spread": by_spread,
}


def without_legs(clip: Clip) -> Clip:
    """Knees and feet marked missing, as the original does; hips stay."""
    names = [f"{component}.{leg}" for component in (BODY, WORLD) for leg in LEGS]
    legs = [clip.layout.position[name] for name in names if name in clip.layout.position]
    if not legs:
        return clip
    data, confidence = clip.data.copy(), clip.confidence.copy()
    data[:, legs], confidence[:, legs] = 0, 0
    return clip.with_data(data, confidence)


def only_confident(clip: Clip, least: float) -> Clip:
    """Points of a confidence below ``least`` marked missing."""
    unsure = clip.confidence < least
    return clip.with_data(without(clip.data.copy(), unsure), np.where(unsure, np.float32(0), clip.confidence))


def _shoulder_place(clip: Clip) -> Place | None:
    left, right = (clip.layout.position.get(name) for name in SHOULDERS)
    if left is None or right is None:
        return None
    a, b, seen = _both(clip, left, right)
    distance = float(np.linalg.norm(a - b, axis=-1).mean()) if seen else 0.0
    return (((a + b) / 2).mean(0), distance) if distance > TINY else None


def _hand_place(clip: Clip) -> Place | None:
    wrists, lengths = [], []
    for hand in HANDS:
        wrist, knuckle = (clip.layout.position.get(f"{hand}.{name}") for name in ("WRIST", "MIDDLE_FINGER_MCP"))
        if wrist is not None and knuckle is not None:
            a, b, _ = _both(clip, wrist, knuckle)
            wrists.append(a)
            lengths.append(np.linalg.norm(b - a, axis=-1))
    if not sum(map(len, wrists)):
        return None
    length = float(np.concatenate(lengths).mean())
    return (np.concatenate(wrists).mean(0), length) if length > TINY else None


def _spread_place(clip: Clip) -> Place | None:
    points = clip.data[clip.confidence > 0].astype(np.float64)
    if not len(points):
        return None
    centre = points.mean(0)
    distance = float(np.linalg.norm(points - centre, axis=-1).mean())
    return centre, distance if distance > TINY else 1.0


def _both(clip: Clip, a: int, b: int) -> tuple[NDArray[np.float64], NDArray[np.float64], bool]:
    """Two points in the frames that have both of them."""
    seen = (clip.confidence[:, a] > 0) & (clip.confidence[:, b] > 0)
    return clip.data[seen, a].astype(np.float64), clip.data[seen, b].astype(np.float64), bool(seen.any())


def _moved(clip: Clip, place: Place | None) -> Clip:
    if place is None:
        return clip
    data = clip.rows - each_axis(place[0], len(clip.layout))
    data *= np.float32(1 / place[1])
    return clip.with_data(without(data.reshape(clip.data.shape), clip.confidence == 0))


def _centred(clip: Clip, *, per_frame: bool) -> Clip:
    data, confidence = clip.data.copy(), clip.confidence.copy()
    for hand in HANDS:
        indices = list(clip.layout.components.get(hand, ()))
        wrist, knuckle = (clip.layout.position.get(f"{hand}.{name}") for name in ("WRIST", "MIDDLE_FINGER_MCP"))
        if wrist is None or knuckle is None:
            continue
        usable = (confidence[:, wrist] > 0) & (confidence[:, knuckle] > 0)
        moved = clip.data[:, indices] - clip.data[:, wrist : wrist + 1]
        if per_frame:
            length = np.linalg.norm(clip.data[:, knuckle] - clip.data[:, wrist], axis=-1)
            usable &= length > TINY
            moved /= np.maximum(length, TINY)[:, None, None]
        confidence[:, indices] *= usable[:, None]
        data[:, indices] = moved * (confidence[:, indices] > 0)[..., None]
    return clip.with_data(data, confidence)
