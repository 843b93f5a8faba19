"""Which signs a classifier is sure to see where in a video: windows that are sure, merged where they mean one sign.

Of each class the windows are taken by probability, the surest first.  Against the starts that are kept already, a
window that starts at most ``merge`` frames away belongs to the nearest of these; one that starts at most ``suppress``
frames away is left out, because it is the same sign seen a little too early or too late; any other is kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mmpt_sign.config.contracts import Options


class Rules(Options):
    """The thresholds of CiCo; the last two are what its program does instead of what it means."""

    confidence: float = Field(
        0.6, ge=0, le=1, description="a window counts above this probability of its likeliest class"
    )
    merge: int = Field(3, ge=0, description="frames between starts up to which windows are one sign")
    suppress: int = Field(24, ge=0, description="frames between starts up to which a less sure window is left out")
    no_merge: bool = Field(False, description="leave out what would be merged")
    drop_last_frame: bool = Field(False, description="end one frame early: 15 frames of a window of 16")


@dataclass(frozen=True)
class Sure:
    """A window that is sure: where it starts, its class by number, its probability."""

    start: int
    label: int
    probability: float


@dataclass(frozen=True)
class PseudoLabel:
    """Frames ``start`` up to ``end`` (excluded) show the class; the probability is that of the surest window."""

    label: int
    start: int
    end: int
    probability: float


def sure_windows(scores: NDArray[Any], first: int, stride: int, confidence: float) -> list[Sure]:
    """The windows (N, classes) of class scores before the softmax that are sure; the first one is number ``first``."""
    scores = np.asarray(scores, np.float64)
    label = scores.argmax(1)
    highest = scores.max(1)
    probability = 1 / np.exp(scores - highest[:, None]).sum(1)
    return [
        Sure((first + n) * stride, int(label[n]), float(probability[n]))
        for n in np.flatnonzero(probability > confidence)
    ]


def pseudo_labels(windows: Iterable[Sure], length: int, rules: Rules) -> list[PseudoLabel]:
    """Merged and thinned, by start; ``length`` is that of a window in frames."""
    by_class: dict[int, list[Sure]] = defaultdict(list)
    for window in windows:
        by_class[window.label].append(window)
    found = [label for same in by_class.values() for label in _of_class(same, length, rules)]
    cut = int(rules.drop_last_frame)
    return sorted((replace(one, end=one.end - cut) for one in found), key=lambda one: (one.start, one.label))


def _of_class(windows: Sequence[Sure], length: int, rules: Rules) -> list[PseudoLabel]:
    kept: list[tuple[int, PseudoLabel]] = []  # start of the surest window, and all that belongs to it
    for window in sorted(windows, key=lambda one: (-one.probability, one.start)):
        near = min(range(len(kept)), key=lambda k: abs(kept[k][0] - window.start), default=None)
        away = None if near is None else abs(kept[near][0] - window.start)
        if near is None or away is None or away > max(rules.suppress, rules.merge):
            kept.append(
                (window.start, PseudoLabel(window.label, window.start, window.start + length, window.probability))
            )
        elif away <= rules.merge and not rules.no_merge:
            start, label = kept[near]
            first, last = min(label.start, window.start), max(label.end, window.start + length)
            kept[near] = start, replace(label, start=first, end=last)
    return [label for _, label in kept]
