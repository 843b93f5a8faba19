"""What those who run the server ask it: is it alive, is it ready, what did it do."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from mmpt_sign.serve.errors import Refusal
from mmpt_sign.serve.service import Service


class Status(BaseModel):
    """One word."""

    status: str


def routes(service: Service) -> APIRouter:
    """The router over a service."""
    router = APIRouter(tags=["operations"])

    @router.get("/health")
    async def health() -> Status:
        """Alive: the event loop answers."""
        return Status(status="ok")

    @router.get("/ready", responses={503: {"model": Refusal}})
    async def ready() -> Status:
        """Ready for work: not stopping, and the model moves."""
        service.check_ready()
        return Status(status="ready")

    @router.get("/metrics", responses={200: {"content": {"text/plain": {}}}, 401: {"model": Refusal}})
    async def metrics() -> Response:
        """For Prometheus."""
        return Response(service.metrics.text(), media_type=service.metrics.content_type)

    return router
