"""What is shown of a clip: as it is read, as the stream prepares it, or as training sees it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.look.collection import Collection, collection
from mmpt_sign.look.draw import pillow
from mmpt_sign.look.scene import Picture, PosePanel, VideoPanel
from mmpt_sign.poses.arrays import read_source
from mmpt_sign.records import Source
from mmpt_sign.registry import nearest
from mmpt_sign.streams.pose import Pose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mmpt_sign.config.schema import Experiment

Stage = Literal["raw", "prepared", "augmented"]
FILES = (".pose", ".npy", ".parquet")
MOST_PICTURES = 1500  # of a video: a minute at 25 frames per second


def parse_stage(text: str) -> Stage:
    """One of the three."""
    stages: tuple[Stage, ...] = get_args(Stage)
    found = next((stage for stage in stages if stage == text), None)
    if found is None:
        raise ConfigError(f"--stage {text}: no such stage{nearest(text, list(stages))}; known: {', '.join(stages)}")
    return found


def panels(what: Sequence[str], stage: Stage, seed: int, stream: str, overrides: Sequence[str]) -> list[PosePanel]:
    """A panel for each file of points, or for each id of the collection that is named first."""
    first, *ids = what
    if Path(first).suffix in FILES and not Path(first).is_dir():
        if stage != "raw":
            raise ConfigError(f"--stage {stage} needs an experiment file before the ids; {first} is a file of points")
        return [of_file(Path(name)) for name in what]
    given = collection(Path(first), overrides, stream)
    if not ids:
        some = ", ".join(record.id for record in given.records[:3])
        raise ConfigError(f"{first}: name the ids of the clips to draw, for example {some}")
    return [of_record(given, name, stage, seed, stream) for name in ids]


def of_record(given: Collection, record_id: str, stage: Stage, seed: int, stream: str = "") -> PosePanel:
    """The panel of a record at a stage of its experiment's stream."""
    record = given.record(record_id)
    clip = read_source(record.source)
    title = f"{record.id}: {record.texts[0]}"
    if stage == "raw":
        return PosePanel(title, clip)
    if given.experiment is None:
        raise ConfigError(f"--stage {stage} needs an experiment file, whose stream prepares the clip")
    part = _stream(given.experiment, stream).fixed_to(clip.layout)
    prepared = part.prepare(clip)
    rng = np.random.default_rng(seed) if stage == "augmented" else None
    mirrored = ", mirrored" if part.is_mirrored(clip) else ""
    return PosePanel(f"{title} ({stage}{mirrored})", part.augmented(prepared, rng))


def of_file(path: Path) -> PosePanel:
    """The panel of a file of points."""
    if not path.is_file():
        raise DataError(f"{path}: no such file")
    return PosePanel(path.name, read_source(Source(path)))


def of_video(path: Path, height: int, start: float = 0.0, seconds: float | None = None) -> VideoPanel:
    """The panel of a video, of the same span as the clip beside it."""
    from mmpt_sign.video.decode import frames

    end = None if seconds is None else start + seconds
    found = frames(path, start=start or None, end=end)
    pictures = []
    for picture in found:
        pictures.append(_smaller(picture, height))
        if len(pictures) > MOST_PICTURES:
            raise DataError(f"{path}: more than {MOST_PICTURES} frames are too many to show; name a clip of a part")
    return VideoPanel(path.name, pictures, found.fps)


def _stream(experiment: Experiment, name: str) -> Pose:
    """The stream of that name, or the first one of points."""
    points = {key: stream for key, stream in experiment.streams.items() if isinstance(stream, Pose)}
    if name and name not in points:
        raise ConfigError(f"--stream {name}: no pose stream of that name; there is {', '.join(points) or 'none'}")
    if not points:
        raise ConfigError(f"{experiment.name}: has no pose stream, so there is nothing to draw")
    return points[name] if name else next(iter(points.values()))


def _smaller(picture: Picture, height: int) -> Picture:
    """As high as its panel at most, so that a long video of large frames fits into memory."""
    image: Any = pillow().Image.fromarray(picture)
    image.thumbnail((4 * height, height))
    return np.asarray(image)
