"""A piece of a video, in seconds or in frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from mmpt_sign.errors import DataError

Unit: TypeAlias = Literal["seconds", "frames"]


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start`` up to ``end``, which is excluded; None is the beginning or the end of the video.

    Annotations come in both units.  Frames only mean something together with the rate of the video they were counted
    in, which is known when that video is open.
    """

    start: float | None = None
    end: float | None = None
    unit: Unit = "seconds"

    def __post_init__(self) -> None:
        if not 0 <= (self.start or 0) < float("inf"):
            raise DataError(f"a span cannot start at {self.start} {self.unit}")
        if self.end is not None and not self.end > (self.start or 0):
            raise DataError(
                f"{self.unit} {self.start or 0:g} to {self.end:g} are no span: the end comes after the start"
            )

    def seconds(self, fps: float) -> tuple[float | None, float | None]:
        """Start and end as times; ``fps`` is the rate in which frames were counted."""
        factor = 1 / fps if self.unit == "frames" else 1.0
        return tuple(None if value is None else value * factor for value in (self.start, self.end))  # type: ignore[return-value]

    def frames(self, fps: float) -> tuple[int, int | None]:
        """Start and end as numbers of frames, for sources that have no times of their own."""
        factor = fps if self.unit == "seconds" else 1.0
        return round((self.start or 0) * factor), None if self.end is None else round(self.end * factor)
