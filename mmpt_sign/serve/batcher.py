"""Dynamic batching: what waits goes through the model together, sorted by length, oldest first.

There is no artificial delay.  While the model works on one batch, requests gather for the next; alone, a request starts
at once.  The queue is bounded twice: by the positions (frames, text tokens) in it, which bounds memory, and by the time
that they are expected to take at the measured speed, which keeps the promise that an accepted request is answered.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mmpt_sign.inference.encoded import Vectors, stacked
from mmpt_sign.serve.errors import Refused, over

if TYPE_CHECKING:
    from mmpt_sign.serve.metrics import Metrics
    from mmpt_sign.serve.settings import Settings

Run = Callable[[str, list[Any]], Vectors]
SMALLEST = 16  # positions that the shortest piece counts as: every piece costs something
NEWS = 0.2  # weight of the last batch in the measured speed


@dataclass(eq=False, slots=True)
class Piece:
    """One clip or text on its way through the model."""

    kind: str
    content: Any
    size: int
    answer: asyncio.Future[Vectors]
    since: float = field(default_factory=time.monotonic)


class Batcher:
    """The queue in front of the one thread that owns the models."""

    def __init__(self, run: Run, thread: Executor, settings: Settings, metrics: Metrics) -> None:
        self._run, self._thread, self._settings, self._metrics = run, thread, settings, metrics
        self._queue: list[Piece] = []
        self._waiting: Counter[str] = Counter()
        self._seconds: dict[str, float] = {}  # per position, by kind
        self._some = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._busy_since: float | None = None
        self._busy_with = 0.0  # seconds that the running batch should take

    def start(self) -> None:
        """Begin to work."""
        self._task = asyncio.get_running_loop().create_task(self._work())

    async def close(self) -> None:
        """Finish what was taken, then end."""
        while self._queue or self._busy_since is not None:
            await asyncio.sleep(0.01)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def busy_for(self) -> float:
        """Seconds since the running batch began."""
        return 0.0 if self._busy_since is None else time.monotonic() - self._busy_since

    @property
    def expected_wait(self) -> float:
        """Seconds until what waits now will be done, the running batch included."""
        queued = sum(size * self._seconds.get(kind, 0.0) for kind, size in self._waiting.items())
        return queued + max(0.0, self._busy_with - self.busy_for)

    def check_room(self, size: int = 0) -> None:
        """Refuse at once what could not be answered in time."""
        wait = self.expected_wait
        if wait > self._settings.max_wait_seconds:
            raise over(self._settings, "max_wait_seconds", round(wait, 1), 429, retry_after=wait)
        waiting = self._waiting.total()
        if waiting and waiting + size > self._settings.max_waiting:
            raise over(self._settings, "max_waiting", waiting + size, 429, retry_after=max(wait, 1.0))

    async def submit(self, kind: str, contents: Sequence[Any], sizes: Sequence[int]) -> Vectors:
        """The contents as the model compares them; a caller that is cancelled takes its pieces out of the queue."""
        sizes = [max(size, SMALLEST) for size in sizes]
        self.check_room(sum(sizes))
        loop = asyncio.get_running_loop()
        pieces = [Piece(kind, c, size, loop.create_future()) for c, size in zip(contents, sizes, strict=True)]
        self._queue += pieces
        self._count(kind, sum(sizes))
        self._some.set()
        try:
            return stacked(await asyncio.gather(*(piece.answer for piece in pieces)))
        finally:
            self._forget(pieces)

    def _forget(self, pieces: list[Piece]) -> None:
        """Take out what nobody waits for any more; answered pieces have left already."""
        left = [piece for piece in pieces if not piece.answer.done() or piece.answer.cancelled()]
        if left:
            for piece in left:
                piece.answer.cancel()
            gone = set(map(id, left)) & set(map(id, self._queue))
            self._queue = [piece for piece in self._queue if id(piece) not in gone]
            self._count(left[0].kind, -sum(piece.size for piece in left if id(piece) in gone))

    def _count(self, kind: str, change: int) -> None:
        self._waiting[kind] += change
        self._metrics.waiting.set(self._waiting.total())

    async def _work(self) -> None:
        while True:
            await self._some.wait()
            batch = self._next()
            if not batch:
                self._some.clear()
                continue
            self._busy_since = time.monotonic()
            self._busy_with = sum(piece.size for piece in batch) * self._seconds.get(batch[0].kind, 0.0)
            for piece in batch:
                self._metrics.waited.observe(self._busy_since - piece.since)
            try:
                await self._answer(batch)
            finally:
                self._busy_since, self._busy_with = None, 0.0

    def _next(self) -> list[Piece]:
        """The oldest piece and those that waste little beside it: of its kind, near in length, within the budget.

        Padding costs as much as frames do: a batch of all lengths can be slower than its pieces one by one.
        """
        if not self._queue:
            return []
        head = self._queue[0]
        others = [piece for piece in self._queue[1:] if piece.kind == head.kind]
        batch, longest = [head], head.size
        near = max(SMALLEST, self._settings.batch_spread * head.size)
        for piece in sorted(others, key=lambda piece: abs(piece.size - head.size)):
            longest = max(longest, piece.size)
            too_much = longest * (len(batch) + 1) > self._settings.batch_tokens
            full = len(batch) == self._settings.batch_pieces
            if full or too_much or abs(piece.size - head.size) > near:
                break
            batch.append(piece)
        chosen = set(map(id, batch))
        self._queue = [piece for piece in self._queue if id(piece) not in chosen]
        self._count(head.kind, -sum(piece.size for piece in batch))
        return batch

    async def _answer(self, batch: list[Piece]) -> None:
        """One call of the model; if it fails, each piece alone, so that one cannot spoil the others."""
        kind, start = batch[0].kind, time.monotonic()
        contents = [piece.content for piece in batch]
        try:
            vectors = await asyncio.get_running_loop().run_in_executor(self._thread, self._run, kind, contents)
        except Exception as error:  # noqa: BLE001 - whatever it is, the requests must be told
            if len(batch) > 1:
                for piece in batch:
                    await self._answer([piece])
            elif not batch[0].answer.done():
                batch[0].answer.set_exception(error)
            return
        self._learn(kind, sum(piece.size for piece in batch), len(batch), time.monotonic() - start)
        for piece, vector in zip(batch, vectors, strict=True):
            if not piece.answer.done():
                piece.answer.set_result(vector)

    def _learn(self, kind: str, size: int, pieces: int, seconds: float) -> None:
        old = self._seconds.get(kind)
        new = seconds / size
        self._seconds[kind] = new if old is None else (1 - NEWS) * old + NEWS * new
        self._metrics.batches.labels(kind).observe(pieces)
        self._metrics.model.labels(kind).observe(seconds)


def unavailable(message: str, retry_after: float = 1.0) -> Refused:
    """For a server that cannot take the request now whatever it is."""
    return Refused(503, "unavailable", message, retry_after=retry_after)
