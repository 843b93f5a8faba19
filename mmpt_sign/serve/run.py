"""Run the server in this process until it is told to stop."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from mmpt_sign.errors import ConfigError, NotInstalledError

if TYPE_CHECKING:
    from mmpt_sign.serve.settings import Settings

LARGEST_HEADERS = 32 << 10
IDLE_SECONDS = 10
ANYWHERE = ("0.0.0.0", "::")
CONNECTIONS_EACH = 8  # connections per request that may be inside, before uvicorn itself says 503


def run(settings: Settings, listening: Callable[[str], None] = lambda _: None) -> None:
    """Serve; SIGTERM and SIGINT end it after what was taken is finished, with exit code 0.

    ``listening`` is told the address of the web page once it can be opened.
    """
    try:
        import uvicorn

        from mmpt_sign.serve.app import application
        from mmpt_sign.serve.journal import log_to_stderr, note
    except ImportError as error:
        raise NotInstalledError(f"{error.name}, which the server needs,", "serve") from error

    class Server(uvicorn.Server):
        """Says where it listens, which matters where the system chose the port."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            """Listen."""
            with _listening_on(settings):
                await super().startup(sockets)
            for server in self.servers:
                for bound in server.sockets:
                    note("listening", address=str(bound.getsockname()[0]), port=int(bound.getsockname()[1]))
            if self.servers:
                listening(_address(*self.servers[0].sockets[0].getsockname()[:2]))

    log_to_stderr()
    with _bound(settings) as sockets:
        config = uvicorn.Config(
            application(settings),
            http="h11",
            ws="none",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            h11_max_incomplete_event_size=LARGEST_HEADERS,
            timeout_keep_alive=IDLE_SECONDS,
            timeout_graceful_shutdown=max(1, round(settings.grace_seconds)),
            limit_concurrency=max(1024, CONNECTIONS_EACH * settings.max_requests),
        )
        for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises them again when it is done
            signal.signal(number, lambda *_: sys.exit(0))
        Server(config).run(sockets)


@contextmanager
def _bound(settings: Settings) -> Iterator[list[socket.socket]]:
    """Sockets of the address, which refuse clients until the server listens: taken before a model is loaded."""
    with _listening_on(settings):
        sockets = asyncio.run(_sockets(settings.host, settings.port))
    with ExitStack() as stack:
        yield [stack.enter_context(bound) for bound in sockets]


async def _sockets(host: str, port: int) -> list[socket.socket]:
    """One per address of the name, as asyncio finds them; the copies outlive its loop."""
    server = await asyncio.get_running_loop().create_server(asyncio.Protocol, host, port, start_serving=False)
    copies = [bound.dup() for bound in server.sockets]
    server.close()
    return copies


@contextmanager
def _listening_on(settings: Settings) -> Iterator[None]:
    """An address that is taken or not of this machine is the operator's mistake."""
    try:
        yield
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(
            f"the server cannot listen on {settings.host}, port {settings.port} ({reason}); "
            "choose another --host or --port, or stop the program that listens there"
        ) from error


def _address(host: str, port: int) -> str:
    """As a browser on this machine calls it."""
    name = "localhost" if host in ANYWHERE else f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}/"
