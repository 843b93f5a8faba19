"""The routes of the web page: itself, its files, what it must know of this server, and clips to try.

They need no API key, because they hold nothing of the operator's; whatever the page asks the server beyond them goes
through ``/v1`` with the key that a user types in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, JSONResponse, Response

from mmpt_sign import __version__
from mmpt_sign.serve.errors import Refused
from mmpt_sign.serve.page.assets import Asset, Assets
from mmpt_sign.serve.page.examples import Example, examples

if TYPE_CHECKING:
    from mmpt_sign.serve.service import Service

PATTERNS = ("/", "/page/{path:path}")
LIMITS = ("max_body_bytes", "max_texts", "max_text_chars", "max_frames", "max_answers", "max_video_seconds")
FOREVER = "public, max-age=31536000, immutable"  # the address changes with the contents
ASK_AGAIN = "no-cache"
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
DOCUMENT = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; "
    "img-src 'self'; media-src 'self' blob:; worker-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
}
# A worker has a policy of its own: only the one that runs MediaPipe may compile WebAssembly.
WORKER = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'",
}


def routes(service: Service, *, keys_needed: bool) -> APIRouter:
    """The router over a service."""
    router = APIRouter(include_in_schema=False)
    assets = Assets.found()

    @router.api_route("/", methods=["GET", "HEAD"])
    async def page(request: Request) -> Response:
        """The page."""
        return _sent(request, assets.document, ASK_AGAIN, DOCUMENT)

    async def offered() -> dict[str, Example]:
        """The examples, listed beside the event loop the first time."""
        return examples() if examples.cache_info().currsize else await service.aside(examples)

    @router.get("/page/facts")
    async def facts() -> Response:
        """What the page must know before anybody types a key."""
        found: dict[str, Any] = {
            "version": __version__,
            "keys": keys_needed,
            "camera": assets.camera,
            "video": service.videos.there(),
        }
        found["limits"] = {name: getattr(service.settings, name) for name in LIMITS}
        found["examples"] = [{"id": name, "title": example.title} for name, example in (await offered()).items()]
        return JSONResponse(found, headers={**EVERYWHERE, "Cache-Control": ASK_AGAIN})

    @router.get("/page/examples/{name}")
    async def example(name: str) -> Response:
        """A clip to try."""
        found = (await offered()).get(name)
        if found is None:
            raise Refused(404, "no_such_route", "no such example")
        return FileResponse(found.path, media_type="application/octet-stream", headers=EVERYWHERE)

    @router.api_route("/page/files/{version}/{name:path}", methods=["GET", "HEAD"])
    async def file(request: Request, version: str, name: str) -> Response:
        """A file of the page; the name is looked up among those that there are."""
        asset = assets.files.get(name)
        if asset is None:
            raise Refused(404, "no_such_route", "the page has no such file")
        return _sent(request, asset, FOREVER if version == assets.version else ASK_AGAIN, WORKER if asset.works else {})

    return router


def _sent(request: Request, asset: Asset, keep: str, more: dict[str, str]) -> Response:
    headers = {**EVERYWHERE, **more, "Cache-Control": keep}
    if asset.path is not None:
        return FileResponse(asset.path, media_type=asset.kind, headers=headers)
    headers["ETag"] = asset.tag
    if asset.tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(asset.content, media_type=asset.kind, headers=headers)
