"""The gate in front of every route: what is refused before a byte of the body is believed.

Keys, size, encoding, the number of requests and of bytes inside, and the time for everything together.  It is plain
ASGI, so that it sees a body as it arrives and can end a request whose time is over or whose client is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mmpt_sign.serve.batcher import unavailable
from mmpt_sign.serve.errors import ORIGINAL, Refused, over

if TYPE_CHECKING:
    from mmpt_sign.serve.keys import Keys
    from mmpt_sign.serve.metrics import Metrics
    from mmpt_sign.serve.settings import Settings

OPEN = frozenset({"/", "/health", "/ready", "/openapi.json", "/docs"})  # answered to everybody, at any load
OPEN_UNDER = "/page/"  # the files of the web page
METRICS = "/metrics"  # asked for by operators above all when nothing else comes in
SECONDS_TO_READ = 5.0


class Gate:
    """Bounds of one request and of all of them together."""

    def __init__(
        self, app: ASGIApp, *, settings: Settings, keys: Keys, metrics: Metrics, check_room: Callable[[], None]
    ) -> None:
        self._app, self._settings, self._keys, self._metrics = app, settings, keys, metrics
        self._check_room = check_room
        self._requests, self._bytes = 0, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] in OPEN or scope["path"].startswith(OPEN_UNDER):
            return await self._app(scope, receive, send)
        visit = Visit(self, scope, receive, send)
        try:
            expected = self._admitted(scope)
        except Refused as refused:
            return await visit.refuse(refused)
        self._count(1, expected)
        visit.reserved = expected
        try:
            await visit.run(self._app, self._settings.max_seconds)
        finally:
            self._count(-1, -visit.reserved)

    def _admitted(self, scope: Scope) -> int:
        """How many bytes the body will have as far as it says; `Refused` where it may not come in."""
        headers = scope["headers"]
        if not self._keys.admit(headers):
            raise Refused(401, "unauthorised", "an API key is needed: Authorization: Bearer KEY, or X-API-Key: KEY")
        if scope["path"] == METRICS:
            return 0
        given = dict(headers)
        if given.get(b"content-encoding", b"identity").lower() not in (b"identity", b""):
            raise Refused(415, "encoded", "compressed bodies are not accepted; send the body as it is")
        expected = _length(given.get(b"content-length"))
        if expected > self._settings.max_body_bytes:
            raise over(self._settings, "max_body_bytes", expected)
        if self._requests >= self._settings.max_requests:
            raise over(self._settings, "max_requests", self._requests + 1, 429, retry_after=1)
        self.check_bytes(expected)
        if scope["method"] in ("POST", "PUT") or scope["path"].startswith(ORIGINAL):
            self._check_room()
        return expected

    def check_bytes(self, more: int) -> None:
        """Refuse what does not fit beside the other requests."""
        if self._bytes and self._bytes + more > self._settings.max_bytes_inside:
            raise over(self._settings, "max_bytes_inside", self._bytes + more, 429, retry_after=1)

    def reserve(self, visit: Visit, more: int) -> None:
        """Room for bytes that the header of a request did not announce."""
        if visit.received > self._settings.max_body_bytes:
            raise over(self._settings, "max_body_bytes", visit.received)
        if more:
            self.check_bytes(more)
            visit.reserved += more
            self._count(0, more)

    def _count(self, requests: int, size: int) -> None:
        self._requests += requests
        self._bytes += size
        self._metrics.inside.set(self._requests)
        self._metrics.bytes_inside.set(self._bytes)


class Visit:
    """One request between the gate and the application."""

    def __init__(self, gate: Gate, scope: Scope, receive: Receive, send: Send) -> None:
        self._gate, self._scope, self._receive, self._send = gate, scope, receive, send
        self.received, self.reserved = 0, 0
        self._all_here = asyncio.Event()
        self._answering = False

    async def run(self, app: ASGIApp, seconds: float) -> None:
        """The application, until it ends, the time is over, or the client has left."""
        work = asyncio.ensure_future(app(self._scope, self._read, self._write))
        watch = asyncio.ensure_future(self._gone())
        try:
            async with asyncio.timeout(seconds) as limit:
                self._scope["state"]["time"] = limit
                await asyncio.wait({work, watch}, return_when=asyncio.FIRST_COMPLETED)
                if work.done():
                    work.result()
        except TimeoutError:
            await self._too_late(work)
        except Refused as refused:
            await self.refuse(refused)
        except ClientDisconnect:
            pass
        finally:
            for task in (work, watch):
                task.cancel()
            await asyncio.wait({work, watch})

    async def refuse(self, refused: Refused) -> None:
        """Answer in the one shape, unless an answer has begun."""
        if not self._answering:
            self._scope["state"]["refused"] = refused.failure.code
            await refused.answer(self._scope["state"]["request_id"])(self._scope, self._receive, self._write)

    async def _too_late(self, work: asyncio.Future[None]) -> None:
        if self._answering:  # an answer on its way is not cut off for a moment's sake, but a client must read it
            await asyncio.wait({work}, timeout=SECONDS_TO_READ)
            return
        work.cancel()
        await asyncio.wait({work})
        if self._all_here.is_set():
            await self.refuse(unavailable("no answer within the time for one request (--max-seconds)", 1.0))
        else:
            await self.refuse(Refused(408, "slow_body", "the body did not arrive in time (--max-seconds)"))

    async def _read(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self.received += len(message.get("body", b""))
            self._gate.reserve(self, max(0, self.received - self.reserved))
            if not message.get("more_body", False):
                self._all_here.set()
        return message

    async def _write(self, message: Message) -> None:
        self._answering = True
        await self._send(message)

    async def _gone(self) -> None:
        """Returns when the client hangs up after having sent everything."""
        await self._all_here.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass


def _length(header: bytes | None) -> int:
    if header is None:
        return 0
    if not header.isdigit() or len(header) > 18:
        raise Refused(400, "malformed", "the header Content-Length is not a number")
    return int(header)
