"""The one route of the original SignCLIP server, in its own shapes, so that its clients work unchanged.

``GET /api/embed/text`` and ``/api/embed/pose`` with a JSON body; POST as well, because many proxies drop the body of a
GET.  Where the original answered every mistake with 500, this one says 400 and what is wrong.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from mmpt_sign.serve.body import JsonRoute
from mmpt_sign.serve.errors import Refused
from mmpt_sign.serve.service import Service, as_json
from mmpt_sign.serve.settings import DEFAULT
from mmpt_sign.serve.v1 import REFUSALS

MODALITIES = ("text", "pose")


class OriginalRequest(BaseModel):
    """``text`` or ``pose``, as the path says; one or a list.  Other keys are ignored, as they always were."""

    text: str | list[str] | None = Field(None, examples=["<en> <ase> house"])
    pose: str | list[str] | None = Field(None, description="whole binary .pose files, base64")
    model_name: str = DEFAULT
    truncate: bool = Field(False, description="cut clips that are too long instead of refusing them")


class OriginalAnswer(BaseModel):
    """One list of numbers per input, also where the input was a single one."""

    embeddings: list[list[float]]


def routes(service: Service) -> APIRouter:
    """The router over a service."""
    router = APIRouter(prefix="/api", route_class=JsonRoute, responses=REFUSALS, tags=["original"])

    async def embed(request: Request, modality: str, body: OriginalRequest) -> Response:
        """Embeddings of texts or of poses."""
        given = _given(modality, body)
        engine = service.engines.named(body.model_name)
        if modality == "text":
            vectors = await service.texts(request, engine, given)
        else:
            vectors = await service.poses(request, engine, given, body.truncate, "pose")
        return as_json({"embeddings": np.asarray(vectors).tolist()})

    shared: dict[str, Any] = {"path": "/embed/{modality}", "endpoint": embed, "response_model": OriginalAnswer}
    router.add_api_route(**shared, methods=["GET"], operation_id="original_embed_get")
    router.add_api_route(**shared, methods=["POST"], operation_id="original_embed_post")
    return router


def _given(modality: str, body: OriginalRequest) -> list[str]:
    if modality not in MODALITIES:
        raise Refused(400, "no_such_modality", f"the modality is one of {', '.join(MODALITIES)}")
    value = body.text if modality == "text" else body.pose
    if value is None or not value:
        raise Refused(400, "invalid", f"the body has no '{modality}'")
    return [value] if isinstance(value, str) else value
