"""What OpenPose wrote: a folder with one ``…_keypoints.json`` per frame -> one pose.

Both forms are read: body of 25 points with face and hands in lists of their own (137 points), and BODY_135 in one list.
Face or hands may have been switched off.  The result has the header that pose-format gives such files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from mmpt_sign.config.contracts import Estimator
from mmpt_sign.errors import DataError
from mmpt_sign.video.span import Span

FRAME_NUMBER = re.compile(r"(\d+)_keypoints\.json$")
MAX_FILE = 4 << 20
MAX_FRAMES = 1_000_000
ONE_LIST = 135
Array = NDArray[np.float32]


class Openpose(Estimator):
    """JSON says neither rate nor size of the picture: ``fps`` must be given, ``width`` and ``height`` may be."""

    name: Literal["openpose"] = "openpose"
    width: int | None = Field(None, ge=1, le=65535, description="pixels; default: just wide enough for all points")
    height: int | None = Field(None, ge=1, le=65535, description="pixels; default: just high enough for all points")
    person: Literal["most_seen", "first"] = Field(
        "most_seen",
        description="of several people in a frame: the one with the highest confidence in all, or the first",
    )

    reads: ClassVar[Literal["videos", "keypoint folders"]] = "keypoint folders"

    @model_validator(mode="after")
    def _knows_its_rate(self) -> Openpose:
        if self.fps is None:
            raise ValueError("fps is missing: folders of JSON files do not say how many frames a second has (--fps)")
        return self

    def start(self) -> Callable[[Path, Span, list[str]], Any]:
        """Nothing to load."""
        return self._read

    def _read(self, folder: Path, span: Span, remarks: list[str]) -> Any:
        from pose_format import Pose
        from pose_format.numpy import NumPyPoseBody
        from pose_format.pose_header import PoseHeader, PoseHeaderDimensions

        fps = self.fps or 0.0
        files = _numbered(folder, span, fps)
        count = max(files) + 1
        rows: dict[int, Array] = {}
        for number, file in files.items():
            people = _people(file)
            if people:
                rows[number] = (
                    people[0] if self.person == "first" else max(people, key=lambda one: float(one[:, 2].sum()))
                )
        points = {len(row) for row in rows.values()}
        if len(points) != 1:
            found = f"{min(points)} and {max(points)} points" if points else "nobody in any frame"
            raise DataError(f"{folder}: {found}, where one person with the same points all along is needed")
        if count > len(rows):
            remarks.append(f"nobody in {count - len(rows)} of {count} frames")
        data = np.zeros((count, points.pop(), 3), np.float32)
        for number, row in rows.items():
            data[number] = row
        extent = np.ceil(data[..., :2].max((0, 1))) + 1
        size = PoseHeaderDimensions(width=self.width or int(extent[0]), height=self.height or int(extent[1]), depth=0)
        body = NumPyPoseBody(fps=fps, data=data[:, None, :, :2], confidence=data[:, None, :, 2])
        return Pose(PoseHeader(0.2, size, _components(data.shape[1])), body)


def _numbered(folder: Path, span: Span, fps: float) -> dict[int, Path]:
    """The files of the span by their number, counted from the first: programs begin with 0 or with 1."""
    found = {int(match[1]): path for path in folder.iterdir() if (match := FRAME_NUMBER.search(path.name))}
    if not found:
        raise DataError(f"{folder}: no file in it is called …NUMBER_keypoints.json")
    first, last = min(found), max(found)
    if last - first >= MAX_FRAMES:
        raise DataError(f"{folder}: frames {first} to {last} are more than {MAX_FRAMES}")
    start, end = span.frames(fps)
    chosen = {number - first - start: path for number, path in found.items()}
    length = last - first + 1 - start if end is None else min(end, last - first + 1) - start
    chosen = {number: path for number, path in chosen.items() if 0 <= number < length}
    if not chosen:
        raise DataError(f"{folder}: none of its {last - first + 1} frames is in the span")
    return dict(sorted(chosen.items()))


def _people(file: Path) -> list[Array]:
    """(points, x y confidence) of everybody in a frame."""
    if file.stat().st_size > MAX_FILE:
        raise DataError(f"{file}: {file.stat().st_size} bytes (up to {MAX_FILE} are accepted)")
    try:
        people = json.loads(file.read_bytes())["people"]
        return [_person(person) for person in people]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DataError(f"{file}: is not a frame of OpenPose ({type(error).__name__}: {error})") from error


def _person(person: Any) -> Array:
    body = _list(person, "pose_keypoints_2d")
    if len(body) >= ONE_LIST:
        return body[:ONE_LIST]
    parts = [body]
    for component in _components(0)[1:]:
        part = _list(person, component.name)
        parts.append(part if len(part) else np.zeros((len(component.points), 3), np.float32))
    wanted = [len(component.points) for component in _components(0)]
    if [len(part) for part in parts] != wanted:
        raise ValueError(f"{[len(part) for part in parts]} points of body, face and hands, not {wanted} or {ONE_LIST}")
    return np.concatenate(parts)


def _list(person: Any, name: str) -> Array:
    """Points without a place are zero, whatever their confidence."""
    values = np.asarray(person.get(name) or [], np.float32).reshape(-1, 3)
    values[~np.isfinite(values).all(-1)] = 0
    return values


def _components(points: int) -> Any:
    from pose_format.utils.openpose import OpenPose_Components as separate
    from pose_format.utils.openpose_135 import OpenPose_Components as joined

    return joined if points == ONE_LIST else separate
