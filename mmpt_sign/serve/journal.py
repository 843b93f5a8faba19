"""What happened, as one line of JSON per request and as metrics; never what it was about.

Neither texts nor poses nor keys nor addresses of clients are written, only counts, sizes and times.  An unexpected
error is written as its type and the places it passed through, because its message may quote what a client sent.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
import traceback
import uuid
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mmpt_sign.serve.errors import Refused

if TYPE_CHECKING:
    from mmpt_sign.serve.metrics import Metrics

logger = logging.getLogger("mmpt_sign.serve")
USABLE_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
ELSEWHERE = "other"
CLIENT_LEFT = 499  # never sent: nobody was there any more


class JsonLines(logging.Formatter):
    """One object per line: time, level, event, and what came with it."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z"
        line = {"time": now, "level": record.levelname.lower(), "event": record.getMessage()}
        return json.dumps(line | getattr(record, "fields", {}))


def log_to_stderr() -> None:
    """For a server that runs by itself; inside another program that program decides."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False


def note(event: str, **fields: Any) -> None:
    """An event that is not a request."""
    logger.info(event, extra={"fields": fields})


class Journal:
    """Gives every request an id, counts it, and writes its line when it is over."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, routes: Collection[str]) -> None:
        self._app, self._metrics = app, metrics
        self._routes = {pattern: compile_path(pattern)[0] for pattern in routes}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        start, status = time.perf_counter(), 0
        state = scope["state"] = {**scope.get("state", {}), "request_id": _request_id(scope), "notes": {}}

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", state["request_id"].encode())]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception as error:  # noqa: BLE001 - the last door: a bug is written down and answered
            self._write_bug(error, state["request_id"])
            if not status:
                refused = Refused(500, "internal", "an unexpected error; the server's log knows more")
                await refused.answer(state["request_id"])(scope, receive, answer)
        finally:
            self._write(scope, status or CLIENT_LEFT, time.perf_counter() - start)

    def _write(self, scope: Scope, status: int, seconds: float) -> None:
        state, route = scope["state"], self._route(scope)
        self._metrics.requests.labels(route, str(status)).inc()
        self._metrics.seconds.labels(route).observe(seconds)
        if "refused" in state:
            self._metrics.refused.labels(state["refused"]).inc()
        fields = {"id": state["request_id"], "method": _method(scope), "route": route, "status": status}
        fields |= {"ms": round(seconds * 1e3, 1)} | state["notes"]
        if "refused" in state:
            fields["refused"] = state["refused"]
        logger.info("request", extra={"fields": fields})

    def _write_bug(self, error: Exception, request_id: str) -> None:
        places = [
            f"{frame.filename}:{frame.lineno}:{frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        ]
        fields = {"id": request_id, "error": type(error).__name__, "places": places[-12:]}
        logger.error("bug", extra={"fields": fields})

    def _route(self, scope: Scope) -> str:
        """The pattern of the route: paths that clients make up do not become labels."""
        found = (pattern for pattern, shape in self._routes.items() if shape.match(scope["path"]))
        return next(found, ELSEWHERE)


def _request_id(scope: Scope) -> str:
    given = dict(scope["headers"]).get(b"x-request-id", b"")
    return given.decode() if USABLE_ID.fullmatch(given) else uuid.uuid4().hex


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in ("GET", "POST", "OPTIONS", "HEAD") else ELSEWHERE
