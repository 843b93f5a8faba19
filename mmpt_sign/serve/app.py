"""The application: settings in, ASGI out; nothing global, so that a process may hold several."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from mmpt_sign import __version__
from mmpt_sign.serve import clips, errors, operations, original, v1, words
from mmpt_sign.serve.cors import Cors
from mmpt_sign.serve.engines import Engines
from mmpt_sign.serve.gate import Gate
from mmpt_sign.serve.journal import Journal, log_to_stderr, note
from mmpt_sign.serve.keys import Keys
from mmpt_sign.serve.page import routes as page
from mmpt_sign.serve.service import Service
from mmpt_sign.serve.settings import Settings

ABOUT = "Sign language and text in one embedding space: embed, score, search, classify."


def application(settings: Settings, engines: Engines | None = None) -> FastAPI:
    """The server of these settings; ``engines`` saves loading models that are in memory already."""
    keys = Keys.found(settings.api_keys, os.environ)
    service = Service(settings, engines or Engines.load(settings))

    @asynccontextmanager
    async def lifetime(_: FastAPI) -> AsyncIterator[None]:
        await service.start()
        note("ready", models=[engine.name for engine in service.engines])
        yield
        await service.close()
        note("stopped")

    app = FastAPI(
        title="mmpt_sign",
        version=__version__,
        description=ABOUT,
        lifespan=lifetime,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
    )
    for room in (v1, clips, words, original, operations):
        app.include_router(room.routes(service))
    app.include_router(page.routes(service, keys_needed=bool(keys)))
    errors.add_to(app)
    # The last one added is the first to see a request.
    app.add_middleware(
        Gate, settings=settings, keys=keys, metrics=service.metrics, check_room=service.batcher.check_room
    )
    app.add_middleware(Journal, metrics=service.metrics, routes=[*app.openapi()["paths"], *page.PATTERNS])
    app.add_middleware(Cors, origins=settings.cors)
    app.state.service = service
    return app


def from_environment() -> FastAPI:
    """For process managers: ``uvicorn --factory mmpt_sign.serve.app:from_environment --workers 4``."""
    log_to_stderr()
    return application(Settings.from_environment())
