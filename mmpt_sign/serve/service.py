"""What the routes share: from checked requests to vectors, through decoding threads and the batcher."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from mmpt_sign.inference.encoded import Vectors, joined
from mmpt_sign.serve.batcher import Batcher, unavailable
from mmpt_sign.serve.decode import Decoder, check_clips, check_texts, unpacked
from mmpt_sign.serve.engines import POSE, TEXT, Engine, Engines
from mmpt_sign.serve.metrics import Metrics
from mmpt_sign.serve.video import VideoWorkers, private_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mmpt_sign.poses.clip import FloatArray
    from mmpt_sign.serve.settings import Settings

Result = TypeVar("Result")
STALLED = 4.0  # a batch is cut to take far less than a request may; so many times as long means that nothing moves


class Service:
    """Everything behind the routes of one application."""

    def __init__(self, settings: Settings, engines: Engines) -> None:
        self.settings, self.engines, self.metrics = settings, engines, Metrics()
        self.batcher = Batcher(engines.run, engines.thread, settings, self.metrics)
        self.videos = VideoWorkers(settings)
        self._decoders = ThreadPoolExecutor(settings.decoders, "decode")
        self.stopping = False

    async def start(self) -> None:
        """Warm up, then take work."""
        await asyncio.to_thread(self.engines.warm_up)
        self.batcher.start()

    async def close(self) -> None:
        """Finish what was taken, then end the threads and processes."""
        self.stopping = True
        await self.batcher.close()
        self.videos.close()
        self._decoders.shutdown(wait=True, cancel_futures=True)
        self.engines.thread.shutdown(wait=True)

    def check_ready(self) -> None:
        """Raise where a request could not be answered now."""
        if self.stopping:
            raise unavailable("the server is stopping")
        if self.batcher.busy_for > STALLED * self.settings.max_seconds:
            raise unavailable("the model has not moved for long", self.settings.max_seconds)

    async def texts(self, request: Request, engine: Engine, texts: Sequence[str]) -> Vectors:
        """Texts as the model compares them."""
        check_texts(texts, self.settings)
        noted(request, texts=len(texts))
        return await self.batcher.submit(f"{TEXT}/{engine.name}", texts, engine.text_sizes(texts))

    async def poses(
        self, request: Request, engine: Engine, files: Sequence[str | bytes], truncate: bool, field: str = "poses"
    ) -> Vectors:
        """Clips as the model compares them, from base64 texts or bytes."""
        check_clips(len(files), self.settings)
        decoder = Decoder(self.settings, engine.reads(), truncate)
        start = time.perf_counter()
        frames = await self.aside(decoder.frames, files, field)
        self.metrics.decoded.observe(time.perf_counter() - start)
        sizes = [max(map(len, streams.values())) for streams in frames]
        noted(request, clips=len(files), frames=sum(sizes))
        return await self.batcher.submit(f"{POSE}/{engine.name}", frames, sizes)

    async def signs(
        self, request: Request, engine: Engine, poses: Sequence[str], videos: Sequence[str], truncate: bool
    ) -> Vectors:
        """Poses as the model compares them, then videos."""
        check_clips(len(poses) + len(videos), self.settings)
        engine.reads()
        parts = [await self.poses(request, engine, poses, truncate)] if poses else []
        for place, video in enumerate(videos):
            with private_file(self.settings) as path:
                await self.aside(lambda: path.write_bytes(unpacked(video, f"videos.{place}")))  # noqa: B023
                parts.append(await self.video(request, engine, path, truncate))
        return joined(parts) if parts else np.zeros((0, engine.width), np.float32)

    async def video(self, request: Request, engine: Engine, path: Path, truncate: bool) -> Vectors:
        """One video as the model compares it."""
        return await self.poses(request, engine, [await self.pose_of(request, path)], truncate, "video")

    async def pose_of(self, request: Request, path: Path) -> bytes:
        """The ``.pose`` file of a video; such a request has more time than others."""
        self.videos.check()
        later = asyncio.get_running_loop().time() + self.settings.max_video_work_seconds + self.settings.max_seconds
        request.scope["state"]["time"].reschedule(later)
        return await self.videos.pose(path)

    async def compared(self, engine: Engine, video: Vectors, text: Vectors) -> FloatArray:
        """Scores (N, M); tokens are compared in the models' thread, plain vectors at once."""
        if isinstance(video, np.ndarray):
            return np.asarray(video @ np.asarray(text).T)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.engines.thread, engine.model.score, video, text)

    async def nearest(self, engine: Engine, query: Vectors, search: Callable[[], Result]) -> Result:
        """A search of the index: in the models' thread where it compares tokens, which the model does."""
        from mmpt_sign.inference.rerank import can_rerank

        if not can_rerank(engine.model, query):
            return await self.aside(search)
        return await asyncio.get_running_loop().run_in_executor(self.engines.thread, search)

    async def aside(self, work: Callable[..., Result], *given: Any) -> Result:
        """In a decoding thread, so that the event loop stays free."""
        return await asyncio.get_running_loop().run_in_executor(self._decoders, work, *given)


def noted(request: Request, **counts: int) -> None:
    """Counts for the journal."""
    notes: dict[str, int] = request.scope["state"]["notes"]
    for name, count in counts.items():
        notes[name] = notes.get(name, 0) + count


def as_json(value: Any) -> Response:
    """Long lists of numbers, written many times faster than by the standard library."""
    return Response(to_json(value), media_type="application/json")
