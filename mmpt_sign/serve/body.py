"""JSON bodies, parsed beside the event loop and only if they cannot grow in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from mmpt_sign.serve.errors import Refused, wrong

SMALL = 64 << 10  # parsed at once: cheaper than a change of threads
MOST_PIECES = 600_000  # more than the texts of a request ever have, and still only some 40 MB in memory
HALF = re.compile(r"\\u[dD][89a-fA-F]")  # such an escape is one half of a character; the other may be missing


class JsonRequest(Request):
    """A request whose JSON is parsed in a thread."""

    async def json(self) -> Any:
        """The body's value; what is no JSON, or a bomb of brackets, is refused."""
        if not hasattr(self, "_json"):
            body = await self.body()
            self._json = parsed(body) if len(body) <= SMALL else await run_in_threadpool(parsed, body)
        return self._json


class JsonRoute(APIRoute):
    """A route that reads its body in this way."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        """Exchange the request for one that parses aside."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            response: Response = await handle(JsonRequest(request.scope, request.receive))
            return response

        return handler


def parsed(body: bytes) -> Any:
    """The value; every comma, bracket and colon may become an object, so they are counted first."""
    if sum(body.count(mark) for mark in (b",", b"[", b"{", b":")) > MOST_PIECES:
        raise Refused(413, "too_large", f"the JSON has more than {MOST_PIECES} pieces")
    try:
        text = body.decode(json.detect_encoding(body))
        value = json.loads(text)
        if HALF.search(text):
            _check_whole(value)
    except (ValueError, RecursionError) as error:
        raise Refused(400, "malformed", "the body is not JSON") from error
    return value


def _check_whole(value: Any) -> None:
    """Half a character cannot be written as UTF-8, so tokenisers, logs and answers would fail on it much later."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise wrong([("body", "a text holds half of a character (an unpaired surrogate)")]) from error
