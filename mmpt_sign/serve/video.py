"""Video to pose in processes of their own, which are killed when they take too long, too much memory, or crash.

Decoders of video are large programs in C that meet files from strangers.  A process gets the path of a private copy and
returns the bytes of a ``.pose`` file, which the bounded reader then believes as little as any other.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import tempfile
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmpt_sign.errors import MmptSignError, NotInstalledError
from mmpt_sign.serve.errors import Refused, over

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from mmpt_sign.serve.settings import Settings

MEMORY = 12 << 30  # of addresses, of which MediaPipe reserves far more than it uses
PIXELS = 4096 * 2304
WAITING_EACH, WAIT_SECONDS = 4, 10.0
GOOD, BAD = b"+", b"-"


class VideoWorkers:
    """A few processes, made when the first video comes."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._free: asyncio.Queue[VideoWorker] = asyncio.Queue()
        for _ in range(settings.video_workers):
            self._free.put_nowait(VideoWorker(settings))
        self._inside = 0

    def check(self) -> None:
        """Refuse at once where there are no workers or too many wait for them."""
        if not self._settings.video_workers:
            raise Refused(404, "no_video", "this server takes no video (--video-workers 0); send poses")
        if find_spec("mediapipe") is None or find_spec("av") is None:
            raise Refused(404, "no_video", str(NotInstalledError("what turns video into poses", "pose")))
        if self._inside >= WAITING_EACH * self._settings.video_workers:
            raise Refused(429, "overloaded", "too many videos wait already (--video-workers)", retry_after=WAIT_SECONDS)

    def there(self) -> bool:
        """Whether this server turns videos into poses at all."""
        return bool(self._settings.video_workers) and all(map(find_spec, ("mediapipe", "av")))

    async def pose(self, video: Path) -> bytes:
        """The bytes of a ``.pose`` file; a caller that is cancelled takes the process with it."""
        self.check()
        self._inside += 1
        try:
            worker = await self._free.get()
            work = asyncio.ensure_future(asyncio.to_thread(worker.pose, video))
            try:
                return await asyncio.shield(work)
            except asyncio.CancelledError:
                worker.kill()  # its thread notices, cleans up and ends
                await asyncio.wait([work])
                raise
            finally:
                self._free.put_nowait(worker)
        finally:
            self._inside -= 1

    def close(self) -> None:
        """End all processes."""
        while not self._free.empty():
            self._free.get_nowait().stop()


class VideoWorker:
    """One process; it is started when needed and started again after it was stopped."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._process: Any = None
        self._line: Connection | None = None

    def pose(self, video: Path) -> bytes:
        """Blocks until the answer, until the process dies, or until `stop`."""
        if self._process is None or not self._process.is_alive():
            self._start()
        assert self._line is not None
        try:
            self._line.send_bytes(str(video).encode())
            if not self._line.poll(self._settings.max_video_work_seconds):
                self.stop()
                raise over(self._settings, "max_video_work_seconds", None, 422)
            answer = self._line.recv_bytes(self._settings.max_body_bytes)
        except (EOFError, OSError) as error:
            self.stop()
            raise Refused(422, "invalid", "this video cannot be decoded") from error
        if answer[:1] == BAD:
            raise Refused(422, "invalid", answer[1:].decode(errors="replace"))
        return answer[1:]

    def stop(self) -> None:
        """End the process and forget it."""
        if self._process is not None:
            self.kill()
            self._process.join()
            self._process = None

    def kill(self) -> None:
        """End the process at once, whatever it does."""
        if self._process is not None:
            self._process.kill()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._line, other = context.Pipe()
        given = (other, self._settings.max_video_seconds, self._settings.max_frames)
        self._process = context.Process(target=_work, args=given, daemon=True)
        self._process.start()
        other.close()


@contextlib.contextmanager
def private_file(settings: Settings) -> Iterator[Path]:
    """A path in a folder that only this user can enter and that is gone afterwards, whatever happens."""
    with tempfile.TemporaryDirectory(prefix="mmpt-sign-", dir=settings.temporary) as folder:
        yield Path(folder) / "video"


async def stored(body: AsyncIterator[bytes], path: Path) -> int:
    """Write a body as it comes and return its length; the gate has bounded it."""
    size = 0
    with path.open("wb") as file:
        async for piece in body:
            size += len(piece)
            await asyncio.to_thread(file.write, piece)
    return size


def _work(line: Connection, most_seconds: float, most_frames: int) -> None:
    """The process: paths in, poses out."""
    _bounded()
    estimate: Any = None
    while True:
        try:
            path = Path(line.recv_bytes(4096).decode())
        except EOFError:
            return
        try:
            if estimate is None:
                from mmpt_sign.registry import build

                estimate = build("estimator", name="mediapipe").start()
            _check(path, most_seconds, most_frames)
            line.send_bytes(GOOD + _estimated(estimate, path))
        except MmptSignError as error:
            line.send_bytes(BAD + str(error).replace(str(path), "the video").encode())


def _check(path: Path, most_seconds: float, most_frames: int) -> None:
    from mmpt_sign.errors import DataError
    from mmpt_sign.video.decode import probe
    from mmpt_sign.video.source import Limits

    found = probe(path, limits=Limits(pixels=PIXELS, seconds=most_seconds, frames=most_frames))
    frames = (found.duration or 0) * found.fps
    if frames > most_frames:
        raise DataError(f"the video has {frames:.0f} frames, at most {most_frames} are accepted")


def _estimated(estimate: Any, path: Path) -> bytes:
    from mmpt_sign.video.span import Span

    written = BytesIO()
    estimate(path, Span(), []).write(written)
    return written.getvalue()


def _bounded() -> None:
    """No core files, and a ceiling on memory where the system knows one."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server decides when this process ends
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
