"""Choose points by name, never by number: files differ in what they hold and in which order.

Named selections:

- ``reduced_face``: body 33, face contour 128, left hand 21, right hand 21 = the 203 points of SignCLIP
- ``full``: every point of the data but MediaPipe's world landmarks, which repeat the body in another unit
- ``sign_vq``: shoulders, elbows, wrists and hips instead of the whole body, 178 points
- ``body``, ``hands``, ``body_hands``, ``right_hand``
- ``dominant_hand``: the hand that is seen more, as the 21 points of the right hand
- ``asl_signs_face``: 76 points of the face, left hand, body, right hand, in the order of the first Kaggle experiments

Anything else is the name of a component (``FACE_LANDMARKS``) or of one point (``POSE_LANDMARKS.NOSE``) in the header.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from mmpt_sign.errors import DataError
from mmpt_sign.poses.clip import Clip, Layout
from mmpt_sign.poses.face import ASL_SIGNS_FACE, FACE_CONTOUR
from mmpt_sign.poses.flip import mirror
from mmpt_sign.poses.names import BODY, BODY_POINTS, FACE, HAND_POINTS, LEFT_HAND, RIGHT_HAND, SMALL_BODY, WORLD
from mmpt_sign.registry import nearest


def _named(component: str, points: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{component}.{point}" for point in points)


_BODY, _CONTOUR = _named(BODY, BODY_POINTS), _named(FACE, FACE_CONTOUR)
_LEFT, _RIGHT = _named(LEFT_HAND, HAND_POINTS), _named(RIGHT_HAND, HAND_POINTS)
SELECTIONS: dict[str, tuple[str, ...]] = {
    "reduced_face": _BODY + _CONTOUR + _LEFT + _RIGHT,
    "sign_vq": _named(BODY, SMALL_BODY) + _CONTOUR + _LEFT + _RIGHT,
    "dominant_hand": _RIGHT,
    "right_hand": _RIGHT,
    "hands": _LEFT + _RIGHT,
    "body": _BODY,
    "body_hands": _BODY + _LEFT + _RIGHT,
    "asl_signs_face": _named(FACE, ASL_SIGNS_FACE) + _LEFT + _BODY + _RIGHT,
}


def point_names(selection: str | Sequence[str], layout: Layout) -> tuple[str, ...]:
    """Full names of the chosen points for data of this layout, in the order of the selection.

    Points of a named selection that the data do not have (legs, for example) are left out; a selection of which nothing
    is left is an error, and so is a component or point that the data do not have.
    """
    items = [selection] if isinstance(selection, str) else list(selection)
    present = tuple(dict.fromkeys(name for item in items for name in _present(item, layout)))
    if not present:
        components = ", ".join(layout.components)
        raise DataError(
            f"the clips have no points of the selection {' + '.join(items)}; their components: {components}"
        )
    return present


def _present(item: str, layout: Layout) -> Sequence[str]:
    if item == "full":
        return [name for name in layout.points if not name.startswith(f"{WORLD}.")] or layout.points
    if item in SELECTIONS:
        return [name for name in SELECTIONS[item] if name in layout.position]
    if item in layout.components:
        return [layout.points[index] for index in layout.components[item]]
    if item in layout.position:
        return [item]
    known = ["full", *SELECTIONS, *layout.components]
    raise DataError(
        f"the clips have no selection, component or point '{item}'{nearest(item, [*known, *layout.points])}; "
        f"known: {', '.join(known)}"
    )


def select(clip: Clip, selection: str | Sequence[str]) -> Clip:
    """The chosen points of one clip; of ``dominant_hand`` the left one is mirrored where it is seen more."""
    if selection == "dominant_hand":
        clip = with_dominant_right(clip)
    return clip.take(point_names(selection, clip.layout))


def is_left_handed(clip: Clip) -> bool:
    """Whether the left hand is seen in more frames than the right one; among equals, whether it moves more."""
    left, right = (_presence(clip, hand) for hand in (LEFT_HAND, RIGHT_HAND))
    return left > right


def with_dominant_right(clip: Clip) -> Clip:
    """The clip itself, or its mirror image where the signer is left-handed."""
    return mirror(clip) if is_left_handed(clip) else clip


def _presence(clip: Clip, component: str) -> tuple[int, float]:
    """Frames in which a hand is seen, and how far its wrist gets around."""
    indices = clip.layout.components.get(component)
    if not indices:
        return 0, 0.0
    seen = (clip.confidence[:, list(indices)] > 0).any(1)
    wrist = clip.data[seen, indices[0]]
    return int(seen.sum()), round(float(wrist.std(0).sum()), 4) if len(wrist) else 0.0


def frames_with_hands(clip: Clip, *, only_ends: bool = False) -> Clip:
    """The frames in which some hand is seen, of clips that have hands; all frames where none has one.

    With ``only_ends`` frames without hands between two with hands stay.
    """
    hands = [i for hand in (LEFT_HAND, RIGHT_HAND) for i in clip.layout.components.get(hand, ())]
    keep = np.flatnonzero((clip.confidence[:, hands] > 0).any(1))
    if not len(keep) or len(keep) == len(clip):
        return clip
    if only_ends:
        return clip.frames(int(keep[0]), int(keep[-1]) + 1)
    return clip.with_data(clip.data[keep], clip.confidence[keep])
