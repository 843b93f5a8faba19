"""Open a video file that may be broken or hostile.

FFmpeg reads playlists and scripts that name other files and addresses, and believes any picture size that a header
claims.  So only self-contained formats of the local file system are let in, and size, length and picture are checked
before anything is decoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmpt_sign.errors import DataError, NotInstalledError

SUFFIXES = frozenset(
    ".mp4 .m4v .mov .mkv .webm .avi .mpg .mpeg .wmv .asf .flv .3gp .3g2 .ts .mts .m2ts .ogv .gif .mxf .mj2".split()
)
FORMATS = ",".join(
    "mov mp4 m4a 3gp 3g2 mj2 matroska webm avi mpeg mpegts mpegvideo flv live_flv asf ogg gif mxf nut dv ivf m4v h264"
    " hevc".split()
)


@dataclass(frozen=True)
class Limits:
    """What is accepted; the defaults are far above any recording of one signer."""

    bytes: int = 32 << 30
    pixels: int = 8192 * 4608
    seconds: float = 12 * 3600
    frames: int = 1_000_000


LIMITS = Limits()


@contextmanager
def opened(path: Path, limits: Limits = LIMITS) -> Iterator[Any]:
    """The container of a readable local file; `DataError` says what is wrong with any other."""
    av = library()
    if not path.is_file():
        raise DataError(f"{path}: there is no such video file")
    size = path.stat().st_size
    if not 0 < size <= limits.bytes:
        raise DataError(f"{path}: {size} bytes (1 to {limits.bytes} are accepted)")
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS, "max_pixels": str(limits.pixels)}
    try:
        container = av.open(f"file:{path.resolve()}", mode="r", options=options, metadata_errors="replace")
    except (av.error.FFmpegError, ValueError) as error:
        raise DataError(f"{path}: cannot be opened as a video ({_short(error)})") from error
    with container:
        yield container


def picture(container: Any, path: Path, limits: Limits = LIMITS) -> Any:
    """The stream of moving pictures; the cover of a sound file is none."""
    from av.stream import Disposition

    streams = [one for one in container.streams.video if not one.disposition & Disposition.attached_pic]
    if not streams:
        raise DataError(f"{path}: has no moving picture, only {', '.join(_kinds(container)) or 'nothing'}")
    stream = streams[0]
    if stream.codec_context is None:
        raise DataError(f"{path}: its video codec is unknown")
    check_size(stream.codec_context.width, stream.codec_context.height, path, limits)
    length = (container.duration or 0) / 1e6
    if length > limits.seconds:
        raise DataError(f"{path}: {length:.0f} seconds long ({limits.seconds:.0f} are accepted)")
    stream.codec_context.options = {"max_pixels": str(limits.pixels)}
    stream.codec_context.thread_count = 1  # the engine runs one worker per core
    return stream


def check_size(width: int, height: int, path: Path, limits: Limits = LIMITS) -> None:
    """Refuse a picture that is empty or too large."""
    if width < 1 or height < 1:
        raise DataError(f"{path}: its picture has no size, or one above {limits.pixels} pixels")
    if width * height > limits.pixels:
        raise DataError(f"{path}: a picture of {width} x {height} (up to {limits.pixels} pixels are accepted)")


def library() -> Any:
    """PyAV, or the name of the extra that brings it."""
    try:
        import av
    except ImportError as error:
        raise NotInstalledError("PyAV (av), which decodes video,", "pose") from error
    return av


def _kinds(container: Any) -> list[str]:
    return sorted({str(stream.type or "unknown data") for stream in container.streams})


def _short(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
