"""Which pages may call which routes: the original's from anywhere, as it always was, and the rest from a list."""

from __future__ import annotations

from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from mmpt_sign.serve.errors import ORIGINAL

HEADERS = ("Authorization", "Content-Type", "X-API-Key", "X-Request-ID")
SHOWN = ("Retry-After", "X-Request-ID")


class Cors:
    """Two sets of rules, chosen by path."""

    def __init__(self, app: ASGIApp, *, origins: Sequence[str]) -> None:
        self._app = app
        self._original = _rules(app, ["*"])
        self._listed = _rules(app, origins) if origins else app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        original = scope["type"] == "http" and scope["path"].startswith(ORIGINAL)
        await (self._original if original else self._listed)(scope, receive, send)


def _rules(app: ASGIApp, origins: Sequence[str]) -> ASGIApp:
    return CORSMiddleware(
        app, allow_origins=origins, allow_methods=["GET", "POST"], allow_headers=HEADERS, expose_headers=SHOWN
    )
