"""Video files -> upright RGB frames at a constant rate, one at a time.

    for picture in frames("clip.mp4", start=1.5, end=4.0):
        ...                                   # (H, W, 3) uint8

Phones turn the picture by a tag and vary the rate with the light; web videos have odd sizes and colours, no sound, and
ends that were never uploaded.  Whoever estimates poses or features should not need to know.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError
from mmpt_sign.video.rate import at_constant_rate
from mmpt_sign.video.source import LIMITS, Limits, check_size, library, opened, picture
from mmpt_sign.video.span import Span

Picture: TypeAlias = NDArray[np.uint8]
Shown: TypeAlias = tuple[float, float, Any]  # time and duration in seconds, frame of PyAV

SLOWEST, FASTEST, USUAL_FPS = 0.1, 240.0, 25.0
PACKETS_FOR_RATE = 400
WORTH_SEEKING, BEFORE = 3.0, 1.0  # seconds: a span that starts earlier is decoded from the beginning; margin of a jump
CUT_OFF = 0.5  # seconds that may be missing at the end without a remark


@dataclass(frozen=True)
class VideoInfo:
    """What a file says about itself; width and height are those of the upright picture."""

    width: int
    height: int
    fps: float
    duration: float | None
    rotation: int
    codec: str


def probe(path: str | Path, *, limits: Limits = LIMITS) -> VideoInfo:
    """Facts of a video, after its first frame was really decoded; `DataError` if that fails."""
    video = frames(path, limits=limits)
    video.close()
    return video.info


def frames(
    path: str | Path,
    *,
    start: float | None = None,
    end: float | None = None,
    fps: float | None = None,
    limits: Limits = LIMITS,
) -> Frames:
    """The pictures from ``start`` up to ``end`` (seconds, excluded) at ``fps``, by default the video's own rate."""
    return Frames(Path(path), Span(start, end), fps, limits)


def cut(path: str | Path, span: Span, *, fps: float | None = None, limits: Limits = LIMITS) -> Frames:
    """The pictures of a span, which may be given in frames of the video's own rate."""
    return Frames(Path(path), span, fps, limits)


class Frames:
    """An iterator of pictures that knows the video (``info``), its own rate (``fps``) and what was wrong (``remarks``).

    Remarks are complete once the iterator is exhausted.  A damaged or missing tail is such a remark; a file without a
    single good frame, or one beyond the limits, is a `DataError`.
    """

    def __init__(self, path: Path, span: Span, fps: float | None = None, limits: Limits = LIMITS) -> None:
        if fps is not None and not SLOWEST <= fps <= FASTEST:
            raise DataError(f"{fps:g} frames per second ({SLOWEST:g} to {FASTEST:g} are possible)")
        self.path, self.limits = path, limits
        self.remarks: list[str] = []
        self._decoding = self._decode(None)
        self.info, self._first = self._begin()
        start, self.end = span.seconds(self.info.fps)
        self.start = start or 0.0
        self.fps = fps or self.info.fps
        self._pictures = self._upright()

    def __iter__(self) -> Iterator[Picture]:
        return self

    def __next__(self) -> Picture:
        return next(self._pictures)

    def close(self) -> None:
        """Stop early and close the file."""
        self._pictures.close()
        self._decoding.close()

    def _begin(self) -> tuple[VideoInfo, Shown]:
        """Decode the first frame, which alone knows how the picture is turned."""
        first = next(self._decoding, None)
        if first is None:
            raise DataError(f"{self.path}: not one frame of it can be decoded")
        frame, (rate, length, codec) = first[2], self._header
        width, height = (frame.height, frame.width) if frame.rotation % 180 else (frame.width, frame.height)
        return VideoInfo(width, height, rate, length or None, int(frame.rotation) % 360, codec), first

    def _upright(self) -> Generator[Picture]:
        """Decode, choose by time, convert only what was chosen."""
        count = None if self.end is None else max(1, round((self.end - self.start) * self.fps))
        reformat = library().video.reformatter.VideoReformatter().reformat
        turns, width, height = self.info.rotation // 90, self.info.width, self.info.height
        size = {"width": height, "height": width} if turns % 2 else {"width": width, "height": height}
        made, last, shown = 0, None, np.zeros((0, 0, 3), np.uint8)
        for frame in at_constant_rate(self._timed(), self.fps, self.start, count):
            if frame is not last:
                flat = reformat(frame, format="rgb24", threads=1, **size).to_ndarray()
                last, shown = frame, np.ascontiguousarray(np.rot90(flat, turns) if turns else flat)
            made += 1
            if made > self.limits.frames:
                raise DataError(f"{self.path}: more than {self.limits.frames} frames at {self.fps:g} per second")
            yield shown
        if not made:
            raise DataError(f"{self.path}: ends before second {self.start:g}, where its span starts")
        missing = (count or round(((self.info.duration or 0) - self.start) * self.fps)) - made
        if missing > CUT_OFF * self.fps:
            self.remarks.append(f"ends {missing / self.fps:.1f} seconds early: {made} frames of {made + missing}")

    def _timed(self) -> Iterator[Shown]:
        """Frames in the order of time, from shortly before ``start``."""
        first, decoding = self._first, self._decoding
        if self.start > WORTH_SEEKING:
            after_jump = self._decode(self.start - BEFORE)
            landed = next(after_jump, None)
            if landed is not None and landed[0] <= self.start:  # formats without an index may land anywhere
                decoding.close()
                first, decoding = landed, after_jump
        yield first
        del first
        yield from decoding

    def _decode(self, jump: float | None) -> Generator[Shown]:
        """(time, duration, frame) of every frame, behind a jump to the given time if there is one."""
        with opened(self.path, self.limits) as container:
            stream = picture(container, self.path, self.limits)
            base, rate = float(stream.time_base), _rate(stream) or self._measured_rate()
            length = float(stream.duration * stream.time_base) if stream.duration else (container.duration or 0) / 1e6
            self._header = rate, length, str(stream.codec_context.name)
            origin = stream.start_time * base if stream.start_time is not None else None
            if jump is not None:
                container.seek(int((jump + (origin or 0)) / base), stream=stream)
            before, decoded, damage = None, 0, []  # type: float | None, int, list[str]
            for packet in _packets(container, stream, damage):
                for frame in _decoded(packet, damage):
                    decoded += 1
                    if decoded > self.limits.frames:
                        raise DataError(f"{self.path}: more than {self.limits.frames} frames")
                    check_size(frame.width, frame.height, self.path, self.limits)
                    time = None if frame.pts is None else frame.pts * base
                    origin = (time or 0.0) if origin is None else origin
                    now = None if time is None else time - origin
                    if before is not None and (now is None or now <= before):
                        now = before + 1 / rate  # no time, or one that goes backwards
                    before = now or 0.0
                    yield before, (frame.duration or 0) * base, frame
            self._note(damage)

    def _measured_rate(self) -> float:
        """The usual distance between the first frames, for files that name no rate."""
        with opened(self.path, self.limits) as container:
            stream = picture(container, self.path, self.limits)
            times = []
            for packet in _packets(container, stream, []):
                times += [] if packet.pts is None else [float(packet.pts * stream.time_base)]
                if len(times) == PACKETS_FOR_RATE:
                    break
        steps = [after - before for before, after in pairwise(sorted(times)) if after > before]
        rate = round(1 / median(steps), 3) if steps else USUAL_FPS
        return min(max(rate, SLOWEST), FASTEST)

    def _note(self, damage: list[str]) -> None:
        if damage and not any("damaged" in remark for remark in self.remarks):
            self.remarks.append(f"{len(damage)} damaged pieces were left out ({damage[0]})")


def _packets(container: Any, stream: Any, damage: list[str]) -> Iterator[Any]:
    """Compressed pieces up to the end, or to where the file breaks."""
    try:
        yield from container.demux(stream)
    except (library().error.FFmpegError, ValueError) as error:
        damage.append(str(error.args[-1] if error.args else error))


def _decoded(packet: Any, damage: list[str] | None = None) -> list[Any]:
    """The frames that a piece completes; none if it is damaged."""
    try:
        return list(packet.decode())
    except (library().error.FFmpegError, ValueError) as error:
        if damage is not None and not isinstance(error, EOFError):
            damage.append(str(getattr(error, "strerror", "") or error))
        return []


def _rate(stream: Any) -> float | None:
    """The rate that the file names, if it can be true."""
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and SLOWEST <= float(rate) <= FASTEST:
            return float(rate)
    return None
