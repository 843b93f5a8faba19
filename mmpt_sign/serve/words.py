"""The route that tells which frames of a clip answer which word of a text."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from mmpt_sign.errors import MmptSignError
from mmpt_sign.inference.alignment import align
from mmpt_sign.poses.header import HEADER_BYTES, Limits, check_header
from mmpt_sign.poses.read import read
from mmpt_sign.serve.body import JsonRoute
from mmpt_sign.serve.decode import Decoder, check_texts, unpacked
from mmpt_sign.serve.errors import Refused, wrong
from mmpt_sign.serve.requests import Asked, File, Score, Text
from mmpt_sign.serve.service import Service, as_json, noted
from mmpt_sign.serve.v1 import REFUSALS

if TYPE_CHECKING:
    from mmpt_sign.inference.alignment import Alignment
    from mmpt_sign.poses.clip import Clip


class Aligned(Asked):
    """A clip and what is said in it."""

    pose: File
    text: Text = Field(examples=["<en> <ase> the sun over the water"])
    truncate: bool = Field(False, description="cut a clip that is too long instead of refusing it")


class Word(BaseModel):
    """A word and the frames that answer it, the last one included."""

    word: str
    start: Score = Field(description="seconds")
    end: Score
    first_frame: int
    last_frame: int
    score: Score = Field(description="mean cosine of the frames with the word")
    attention: Score = Field(description="mean share of the frames' attention that this word gets")


class Words(BaseModel):
    """Every word with its frames, and the attention of every frame to every word."""

    model: str
    fps: Score
    frames: int
    words: list[Word]
    attention: list[list[Score]] = Field(description="a row per word, a column per frame")


def routes(service: Service) -> APIRouter:
    """The router over a service."""
    router = APIRouter(prefix="/v1", route_class=JsonRoute, responses=REFUSALS, tags=["v1"])

    @router.post("/align", response_model=Words)
    async def align_words(body: Aligned, request: Request) -> Response:
        """Which frames of a clip answer which word; for models that compare tokens."""
        engine = service.engines.named(body.model)
        reads = engine.reads()
        if not engine.model.compares_tokens:
            raise Refused(
                422, "invalid", f"the model '{engine.name}' compares whole clips: it knows of no words and frames"
            )
        check_texts([body.text], service.settings)
        decoder = Decoder(service.settings, reads, body.truncate)
        data = await service.aside(unpacked, body.pose, "pose")
        (frames,) = await service.aside(decoder.frames, [data], "pose")
        noted(request, texts=1, clips=1, frames=max(map(len, frames.values())))
        clip = await service.aside(_clip, data, service.settings.max_frames, decoder.limits)
        shown = await service.aside(reads.frame_numbers, clip)
        work = partial(align, engine.model, frames, body.text, frames=len(clip), fps=clip.fps, shown=shown)
        try:
            found = await asyncio.get_running_loop().run_in_executor(service.engines.thread, work)
        except MmptSignError as error:
            raise wrong([("text", str(error))]) from error
        return as_json({"model": engine.name, **_described(found)})

    return router


def _clip(data: bytes, most: int, limits: Limits) -> Clip:
    """As the decoder read it, which has checked it."""
    return read(data, 0, min(check_header(data[:HEADER_BYTES], len(data), limits).frames, most), limits=limits)


def _described(found: Alignment) -> dict[str, Any]:
    return {
        "fps": found.fps,
        "frames": found.frames,
        "words": [asdict(span) for span in found.spans],
        "attention": found.at_frames().round(4).tolist(),
    }
