"""Routes about single clips: the figure and the pose of a clip of the index, and the pose of a video.

Clips are read from where the index says that they are; a request only names an id, which is looked up.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from mmpt_sign.errors import MmptSignError
from mmpt_sign.serve.errors import Refused
from mmpt_sign.serve.pose_file import pose_file
from mmpt_sign.serve.service import Service, as_json
from mmpt_sign.serve.settings import DEFAULT
from mmpt_sign.serve.v1 import REFUSALS, VIDEO_BODY
from mmpt_sign.serve.video import private_file, stored

if TYPE_CHECKING:
    from mmpt_sign.look.scene import PosePanel
    from mmpt_sign.poses.clip import Clip
    from mmpt_sign.records import Source

MOST_SHOWN = 48  # frames of a figure: enough to recognise a sign, and some 60 kB
SECONDS_KEPT = 300  # that a browser may keep a figure
POSE_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {}}, "description": "a .pose file"}
}


class Figure(BaseModel):
    """A clip to be drawn: points in ten-thousandths of the picture's height, lines between them, names of colours."""

    title: str
    fps: float
    frames: int
    aspect: float = Field(description="width of the picture over its height")
    count: int = Field(description="points of a frame")
    places: str = Field(description="base64 of little-endian 16-bit x and y, frame by frame; -32768 = not seen")
    limbs: list[list[int]] = Field(description="start, end, number of the colour, width")
    points: list[list[float]] = Field(description="number, number of the colour, radius")
    colours: list[str]


def routes(service: Service) -> APIRouter:
    """The router over a service."""
    router = APIRouter(prefix="/v1", responses=REFUSALS, tags=["v1"])

    @router.get("/clip", response_model=Figure)
    async def clip(
        id: str = Query(max_length=500, description="as a search names it"),
        model: str = Query(DEFAULT, max_length=100),
    ) -> Response:
        """The figure of one clip of the index, thinned out for a small picture."""
        source = _source(service, model, id)
        answer = as_json(await service.aside(_figure, source, id, service.settings.max_frames))
        answer.headers["Cache-Control"] = f"private, max-age={SECONDS_KEPT}"
        return answer

    @router.get("/clip/pose", response_class=Response, responses=POSE_ANSWER)
    async def clip_pose(
        id: str = Query(max_length=500, description="as a search names it"),
        model: str = Query(DEFAULT, max_length=100),
    ) -> Response:
        """The pose of one clip of the index, as a ``.pose`` file: every frame and every point."""
        source = _source(service, model, id)
        found = await service.aside(_pose, source, id, service.settings.max_frames)
        return Response(found, media_type="application/octet-stream")

    @router.post("/pose/video", response_class=Response, responses=POSE_ANSWER, openapi_extra=VIDEO_BODY)
    async def pose_video(request: Request) -> Response:
        """The pose of a video, as a ``.pose`` file; the video itself is the body."""
        service.videos.check()
        with private_file(service.settings) as path:
            if not await stored(request.stream(), path):
                raise Refused(422, "invalid", "the body is empty; send the video file itself")
            return Response(await service.pose_of(request, path), media_type="application/octet-stream")

    return router


def _source(service: Service, model: str, id: str) -> Source:
    index = service.engines.named(model).index
    if index is None:
        raise Refused(404, "no_index", "this model has no index here; the server is started with --index FILE")
    source = index.sources.get(id)
    if source is None:
        raise Refused(404, "no_clip", "the index does not know where the frames of such a clip are")
    return source


def _figure(source: Source, title: str, most_frames: int) -> dict[str, Any]:
    from mmpt_sign.look.export import figure

    panel, colours = _panel(source, title, most_frames), list[str]()
    return figure(replace(panel, clip=_thinned(panel.clip)), colours) | {"colours": colours}


def _pose(source: Source, title: str, most_frames: int) -> bytes:
    return pose_file(_panel(source, title, most_frames).clip)


def _panel(source: Source, title: str, most_frames: int) -> PosePanel:
    from mmpt_sign.look.scene import PosePanel, Scene
    from mmpt_sign.poses.arrays import read_source

    first = source.start or 0
    end = first + most_frames if source.end is None else min(source.end, first + most_frames)
    try:
        panel = PosePanel(title, read_source(replace(source, end=end)))
        Scene((panel,))  # refuses features, which cannot be drawn
    except MmptSignError as error:  # its message names a path of this machine
        raise Refused(404, "no_clip", "the frames of this clip cannot be read or drawn any more") from error
    return panel


def _thinned(clip: Clip) -> Clip:
    """Every n-th frame, and of the points those that are joined by lines."""
    from mmpt_sign.look.limbs import limbs

    every = -(-len(clip) // MOST_SHOWN)
    joined = {index for limb in limbs(clip.layout.points) for index in (limb.start, limb.end)}
    kept = tuple(name for index, name in enumerate(clip.layout.points) if index in joined) or clip.layout.points
    fewer = replace(clip, data=clip.data[::every], confidence=clip.confidence[::every], fps=clip.fps / every)
    return fewer.take(kept)
