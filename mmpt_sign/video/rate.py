"""Frames at any times -> frames at a constant rate, without holding more than one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

Frame = TypeVar("Frame")


def at_constant_rate(
    shown: Iterable[tuple[float, float, Frame]], fps: float, start: float = 0.0, count: int | None = None
) -> Iterator[Frame]:
    """At each of the times ``start``, ``start + 1 / fps``, … the frame that is nearest in time.

    ``shown`` are (time, duration, frame) in the order of time.  A constant stream at its own rate passes through
    unchanged; elsewhere frames are repeated or left out.  The last one stands for as long as it says, or for one frame.
    """
    held: tuple[float, float, Frame] | None = None
    made = 0
    for here in shown:
        if held is not None:
            middle = (held[0] + here[0]) / 2
            while start + made / fps < middle:
                if made == count:
                    return
                yield held[2]
                made += 1
        held = here
    if held is not None:
        last = held[0] + max(held[1], 1 / fps) - 0.5 / fps
        while start + made / fps < last and made != count:
            yield held[2]
            made += 1
