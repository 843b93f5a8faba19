"""Choose points by name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.poses.clip import Clip, Layout
from mmpt_sign.poses.flip import mirror
from mmpt_sign.poses.names import (
    ASL_SIGNS_FACE,
    BODY,
    BODY_POINTS,
    FACE,
    FACE_CONTOUR,
    HAND_POINTS,
    LEFT_HAND,
    RIGHT_HAND,
    WORLD,
)
from mmpt_sign.registry import nearest

SELECTIONS = (
    "reduced_face", "dominant_hand", "right_hand", "hands", "body", "body_hands", "full", "asl_signs_face", "frames"
)  # fmt: skip


def point_names(selection: str | Sequence[str], layout: Layout) -> tuple[str, ...]:
    """Full names of the chosen points for data of this layout.

    A selection is one of `SELECTIONS`, or a list of components and full names.  Points of the body that the data do not
    have (legs, for example) are left out; a selection of which nothing is left is an error.
    """
    if isinstance(selection, str):
        wanted = _selected(selection, layout)
    else:
        wanted = [name for item in selection for name in _item(item, layout)]
    present = tuple(name for name in wanted if name in layout.position)
    if not present:
        components = ", ".join(layout.components)
        raise DataError(f"the clips have no points of the selection '{selection}'; their components: {components}")
    return present


def _selected(selection: str, layout: Layout) -> list[str]:
    body = [f"{BODY}.{name}" for name in BODY_POINTS]
    left, right = ([f"{hand}.{name}" for name in HAND_POINTS] for hand in (LEFT_HAND, RIGHT_HAND))
    contour = [f"{FACE}.{name}" for name in FACE_CONTOUR]
    choices = {
        "reduced_face": body + contour + left + right,
        "dominant_hand": right,
        "right_hand": right,
        "hands": left + right,
        "body": body,
        "body_hands": body + left + right,
        "full": [name for name in layout.points if not name.startswith(WORLD)],
        "asl_signs_face": [f"{FACE}.{name}" for name in ASL_SIGNS_FACE] + left + body + right,
        "frames": list(layout.points),
    }
    if selection not in choices:
        known = [*choices, *layout.components]
        raise ConfigError(f"unknown selection of points '{selection}'{nearest(selection, known)}; known: {', '.join(choices)}")
    return choices[selection]


def _item(item: str, layout: Layout) -> list[str]:
    if item in layout.components:
        return [layout.points[index] for index in layout.components[item]]
    if item in layout.position:
        return [item]
    known = [*layout.components, *SELECTIONS]
    raise DataError(f"the clips have no component or point '{item}'{nearest(item, known)}")


def with_dominant_right(clip: Clip) -> Clip:
    """The clip itself, or its mirror image where the left hand is seen more than the right one."""
    seen = {hand: _seen(clip, hand) for hand in (LEFT_HAND, RIGHT_HAND)}
    return mirror(clip) if seen[LEFT_HAND] > seen[RIGHT_HAND] else clip


def _seen(clip: Clip, component: str) -> float:
    indices = clip.layout.components.get(component)
    return float((clip.confidence[:, list(indices)] > 0).sum()) if indices else 0.0


def frames_with_hands(clip: Clip) -> Clip:
    """Only frames in which some hand is seen; all of them where none has one."""
    hands = [i for hand in (LEFT_HAND, RIGHT_HAND) for i in clip.layout.components.get(hand, ())]
    if not hands:
        return clip
    keep = np.flatnonzero((clip.confidence[:, hands] > 0).any(1))
    return clip.with_data(clip.data[keep], clip.confidence[keep]) if len(keep) else clip
