"""The routes under ``/v1``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from mmpt_sign.serve.body import JsonRoute
from mmpt_sign.serve.errors import Refusal, Refused, over
from mmpt_sign.serve.requests import (
    Classes,
    Classified,
    Embeddings,
    Hits,
    Models,
    Poses,
    Scored,
    Scores,
    Searched,
    Texts,
)
from mmpt_sign.serve.service import Service, as_json
from mmpt_sign.serve.settings import DEFAULT
from mmpt_sign.serve.video import private_file, stored

if TYPE_CHECKING:
    from mmpt_sign.inference.encoded import Vectors
    from mmpt_sign.poses.clip import FloatArray
    from mmpt_sign.serve.engines import Engine

REFUSALS: dict[int | str, dict[str, Any]] = {
    400: {"model": Refusal, "description": "not JSON"},
    401: {"model": Refusal, "description": "no valid API key"},
    404: {"model": Refusal, "description": "no such model, or no index or video here"},
    408: {"model": Refusal, "description": "the body did not arrive in time"},
    413: {"model": Refusal, "description": "above a limit, which is named"},
    415: {"model": Refusal, "description": "compressed body"},
    422: {"model": Refusal, "description": "unusable request; the places are named"},
    429: {"model": Refusal, "description": "too much work already; Retry-After says when to come back"},
    503: {"model": Refusal, "description": "stopping, or out of time; Retry-After says when to come back"},
}
VIDEO_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("video/mp4", "application/octet-stream")
        },
    }
}


def routes(service: Service) -> APIRouter:
    """The router over a service."""
    router = APIRouter(prefix="/v1", route_class=JsonRoute, responses=REFUSALS, tags=["v1"])
    _add_embedding(router, service)
    _add_comparing(router, service)

    @router.get("/models", response_model=Models)
    async def models() -> Response:
        """The models of this server."""
        return as_json({"models": [_described(engine) for engine in service.engines]})

    return router


def _add_embedding(router: APIRouter, service: Service) -> None:
    @router.post("/embed/text", response_model=Embeddings)
    async def embed_text(body: Texts, request: Request) -> Response:
        """Vectors of texts."""
        engine = service.engines.named(body.model)
        return _embeddings(engine, await service.texts(request, engine, body.texts))

    @router.post("/embed/pose", response_model=Embeddings)
    async def embed_pose(body: Poses, request: Request) -> Response:
        """Vectors of poses."""
        engine = service.engines.named(body.model)
        return _embeddings(engine, await service.poses(request, engine, body.poses, body.truncate))

    @router.post("/embed/video", response_model=Embeddings, openapi_extra=VIDEO_BODY)
    async def embed_video(
        request: Request,
        model: str = Query(DEFAULT, max_length=100),
        truncate: bool = Query(False),
    ) -> Response:
        """The vector of one video; the body is the file itself."""
        engine = service.engines.named(model)
        engine.reads()
        service.videos.check()
        with private_file(service.settings) as path:
            if not await stored(request.stream(), path):
                raise Refused(422, "invalid", "the body is empty; send the video file itself")
            return _embeddings(engine, await service.video(request, engine, path, truncate))


def _add_comparing(router: APIRouter, service: Service) -> None:
    @router.post("/score", response_model=Scores)
    async def score(body: Scored, request: Request) -> Response:
        """How well each clip fits each text."""
        engine = service.engines.named(body.model)
        scores = await _scores(service, request, engine, body, body.texts)
        return as_json({"model": engine.name, "scores": scores.tolist()})

    @router.post("/classify", response_model=Classes)
    async def classify(body: Classified, request: Request) -> Response:
        """The best prompts of each clip."""
        if body.top_k > service.settings.max_answers:
            raise over(service.settings, "max_answers", body.top_k)
        engine = service.engines.named(body.model)
        scores = await _scores(service, request, engine, body, body.prompts)
        order = np.argsort(-scores, axis=1, kind="stable")[:, : body.top_k]
        answers = [
            [{"prompt": body.prompts[j], "score": float(row[j])} for j in best]
            for row, best in zip(scores, order, strict=True)
        ]
        return as_json({"model": engine.name, "answers": answers})

    @router.post("/search", response_model=Hits)
    async def search(body: Searched, request: Request) -> Response:
        """The nearest clips of the server's index."""
        if body.k > service.settings.max_answers:
            raise over(service.settings, "max_answers", body.k)
        if sum(query is not None for query in (body.text, body.pose, body.video)) != 1:
            raise Refused(422, "invalid", "give exactly one of text, pose and video")
        engine = service.engines.named(body.model)
        if engine.index is None:
            raise Refused(404, "no_index", "this model has no index here; the server is started with --index FILE")
        query = await _query(service, request, engine, body)
        wanted: dict[str, Any] = {"sign_language": body.sign_language, "signer": body.signer}
        wanted |= {} if body.rerank is None else {"rerank": body.rerank}
        hits = await service.nearest(engine, query, partial(engine.index.nearest, query, body.k, **wanted))
        found = [{field: getattr(hit, field) for field in hit.__slots__} for hit in hits]
        return as_json({"model": engine.name, "index": engine.index.kind, "hits": found})


async def _query(service: Service, request: Request, engine: Engine, body: Searched) -> Vectors:
    if body.text is not None:
        vectors = await service.texts(request, engine, [body.text])
    else:
        poses, videos = ([file] if file is not None else [] for file in (body.pose, body.video))
        vectors = await service.signs(request, engine, poses, videos, body.truncate)
    return vectors[0]


async def _scores(
    service: Service, request: Request, engine: Engine, body: Scored | Classified, texts: list[str]
) -> FloatArray:
    """The cheap checks of the texts come before any clip is decoded."""
    text = await service.texts(request, engine, texts)
    video = await service.signs(request, engine, body.poses, body.videos, body.truncate)
    return await service.compared(engine, video, text)


def _embeddings(engine: Engine, vectors: Vectors) -> Response:
    return as_json({"model": engine.name, "dimensions": engine.width, "embeddings": np.asarray(vectors).tolist()})


def _described(engine: Engine) -> dict[str, Any]:
    return {
        "name": engine.name,
        "dimensions": engine.width,
        "streams": engine.model.needs,
        "compares_tokens": engine.model.compares_tokens,
        "clips_in_index": None if engine.index is None else len(engine.index),
        "clips_with_figure": None if engine.index is None else len(engine.index.sources),
    }
