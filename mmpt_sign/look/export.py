"""Scenes as files: GIF, MP4, PNG sheet, or a page with a player that needs no network."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from fractions import Fraction
from html import escape
from io import BytesIO
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from mmpt_sign.errors import ConfigError, NotInstalledError
from mmpt_sign.files import complete, write_text
from mmpt_sign.look.draw import Drawing, pillow, sheet
from mmpt_sign.look.scene import Panel, PosePanel, Scene, colour_key, colour_key_of

HERE = Path(__file__).parent
STEPS = 10_000  # whole numbers along the height of a panel
MISSING = -32768
FASTEST_GIF = 50  # frames per second; players slow down anything faster
LINES = {"face": 2, "body": 6}


def check_name(path: Path) -> None:
    """`ConfigError` for a name that `write_scene` does not know, so that it is told before anything is read."""
    if path.suffix not in WRITERS:
        raise ConfigError(f"{path}: cannot draw to '{path.suffix}'; the name must end in {', '.join(WRITERS)}")


def write_scene(path: Path, scene: Scene, height: int = 360) -> Path:
    """The scene in the format of the path's ending."""
    check_name(path)
    return WRITERS[path.suffix](path, scene, height)


def write_gif(path: Path, scene: Scene, height: int) -> Path:
    """An endless GIF; of very fast clips only as many frames as players show."""
    every = max(1, round(scene.fps / FASTEST_GIF))
    drawing = Drawing(scene, height)
    images = [pillow().Image.fromarray(drawing.picture(n)).quantize(64) for n in range(0, len(scene), every)]
    with complete(path) as fresh:
        images[0].save(
            fresh, save_all=True, append_images=images[1:], duration=round(1000 * every / scene.fps), loop=0, disposal=1
        )
    return path


def write_png(path: Path, scene: Scene, height: int) -> Path:
    """Twelve moments side by side."""
    with complete(path) as fresh:
        pillow().Image.fromarray(sheet(Drawing(scene, height))).save(fresh)
    return path


def write_mp4(path: Path, scene: Scene, height: int) -> Path:
    """H.264 where the installed FFmpeg can write it, else MPEG-4."""
    try:
        import av
    except ImportError as error:
        raise NotInstalledError("PyAV", "pose") from error
    drawing = Drawing(scene, height)
    codec = next((name for name in ("libx264", "h264") if _can_write(av, name)), "mpeg4")
    with complete(path) as fresh, av.open(str(fresh), "w", options={"movflags": "faststart"}) as container:
        stream: Any = container.add_stream(codec, rate=Fraction(scene.fps).limit_denominator(1001))
        stream.width, stream.height = drawing.size
        stream.pix_fmt = "yuv420p"
        for picture in drawing:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")))
        container.mux(stream.encode())
    return path


def write_player(path: Path, scene: Scene, height: int) -> Path:
    """One HTML file; figures travel as numbers, videos as pictures of at most ``height`` pixels."""
    template = Template((HERE / "player.html").read_text(encoding="utf-8"))
    keys: list[str] = []
    data = {
        "fps": scene.fps,
        "frames": len(scene),
        "panels": [_panel(panel, keys, height) for panel in scene.panels],
        "colours": keys,
    }
    return write_text(
        path,
        template.substitute(
            title=escape(" | ".join(panel.title for panel in scene.panels)),
            style=(HERE / "player.css").read_text(encoding="utf-8"),
            script=(HERE / "player.js").read_text(encoding="utf-8"),
            scene=json.dumps(data, ensure_ascii=True).replace("<", "\\u003c"),
        ),
    )


WRITERS: dict[str, Callable[[Path, Scene, int], Path]] = {
    ".gif": write_gif, ".mp4": write_mp4, ".png": write_png, ".html": write_player,
}  # fmt: skip


def _panel(panel: Panel, keys: list[str], height: int) -> dict[str, Any]:
    if isinstance(panel, PosePanel):
        return figure(panel, keys)
    return {**_common(panel), "pictures": [_jpeg(picture, height) for picture in panel.pictures]}


def figure(panel: PosePanel, keys: list[str]) -> dict[str, Any]:
    """A clip as the players of pages read it; names of colours that are new are added to ``keys``."""
    of = {index: place for place, index in enumerate(panel.drawn)}
    return {
        **_common(panel),
        "count": len(of),
        "places": base64.b64encode(_places(panel).tobytes()).decode(),
        "limbs": [
            [of[x.start], of[x.end], _number(keys, colour_key_of(x.part, x.side)), LINES.get(x.part, 4)]
            for x in panel.limbs
        ],
        "points": [
            [place, _number(keys, key := colour_key(panel.clip.layout, index)), 1.5 if key == "face" else 4]
            for index, place in of.items()
        ],
    }


def _common(panel: Panel) -> dict[str, Any]:
    return {"title": panel.title, "fps": panel.fps, "frames": len(panel), "aspect": panel.view.aspect}


def _places(panel: PosePanel) -> np.ndarray[Any, np.dtype[np.int16]]:
    """(T, V, 2) in ten-thousandths of the panel's height."""
    view, drawn = panel.view, list(panel.drawn)
    places = (panel.clip.data[:, drawn, :2] - np.array([view.left, view.top], np.float32)) * (STEPS / view.height)
    numbers = places.round().clip(MISSING + 1, -MISSING - 1).astype("<i2")
    numbers[panel.clip.confidence[:, drawn] == 0] = MISSING
    return numbers


def _number(keys: list[str], key: str) -> int:
    if key not in keys:
        keys.append(key)
    return keys.index(key)


def _jpeg(picture: Any, height: int) -> str:
    image = pillow().Image.fromarray(picture)
    image.thumbnail((4 * height, height))
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def _can_write(av: Any, codec: str) -> bool:
    try:
        av.Codec(codec, "w")
    except av.FFmpegError:
        return False
    return True
