"""What the page's scripts must know as data: names of languages, and which points of a body are joined by lines."""

from __future__ import annotations

from typing import Any

from mmpt_sign.look.limbs import limbs, part_of
from mmpt_sign.poses.layouts import layout
from mmpt_sign.poses.names import LEGS
from mmpt_sign.text.tags import sign_languages, written_languages

CAMERA = "holistic_543"  # what the camera gives
WIDEST = "holistic_586"  # every point that MediaPipe may name


def languages() -> dict[str, list[tuple[str, str]]]:
    """Tags with names, in the order of names; written languages by their short tag where they have one."""
    short = {name: tag for tag, name in reversed(written_languages().items())}
    written = {name: min((tag, short[name]), key=len) for tag, name in written_languages().items()}
    signed = sorted(sign_languages().items(), key=lambda pair: pair[1])
    return {"signed": signed, "written": sorted(((tag, name) for name, tag in written.items()), key=lambda p: p[1])}


def skeleton() -> dict[str, Any]:
    """By component: points in the order of the camera's files, lines as pairs of points, and how they are drawn."""
    names = layout(WIDEST).points
    lines: dict[str, list[tuple[str, str]]] = {}
    for limb in limbs(names):
        (component, start), (_, end) = (names[index].split(".", 1) for index in (limb.start, limb.end))
        lines.setdefault(component, []).append((start, end))
    order = layout(CAMERA)
    return {
        "components": [
            {
                "name": component,
                "part": part_of(component),
                "points": [order.points[index].split(".", 1)[1] for index in indices],
                "lines": lines[component],
            }
            for component, indices in order.components.items()
        ],
        "legs": LEGS,
    }
