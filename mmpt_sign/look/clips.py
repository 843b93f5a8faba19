"""Facts of clips, one clip in memory at a time: length, what is seen in how many frames, which hand leads, content."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError
from mmpt_sign.look.limbs import PARTS, Part, part_of
from mmpt_sign.poses.arrays import FEATURE_LAYOUT, read_source
from mmpt_sign.poses.header import HEADER_BYTES, LIMITS, check_header
from mmpt_sign.poses.read import USUAL_FPS
from mmpt_sign.poses.select import is_left_handed

if TYPE_CHECKING:
    from mmpt_sign.poses.clip import Clip
    from mmpt_sign.records import Record, Source

BINS = 20
LOOKED_AT = 2000  # clips that are read whole unless asked otherwise
Progress = Callable[[Sequence["Record"]], Iterable["Record"]]


@dataclass(frozen=True, slots=True)
class Look:
    """What one clip is like; a part that its layout does not have is not in ``seen``."""

    frames: int
    fps: float
    points: int
    seen: dict[Part, float]
    confidence: dict[Part, float]
    left_handed: bool
    content: str

    @property
    def seconds(self) -> float:
        """Duration."""
        return self.frames / self.fps


@dataclass
class Looks:
    """Facts by record id: ``lengths`` (frames, rate) of every clip that says so, ``clips`` of those read whole."""

    lengths: dict[str, tuple[int, float]] = field(default_factory=dict)
    clips: dict[str, Look] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    confidences: dict[Part, NDArray[np.int64]] = field(default_factory=dict)

    def add(self, record_id: str, clip: Clip) -> None:
        """Take the facts of a clip; the clip itself is not kept."""
        self.clips[record_id] = look = look_at(clip)
        self.lengths[record_id] = (look.frames, look.fps)
        for part, indices in parts_of(clip).items():
            counts, _ = np.histogram(clip.confidence[:, indices], BINS, (0, 1))
            self.confidences[part] = self.confidences.get(part, np.zeros(BINS, np.int64)) + counts


def look_at_all(
    records: Sequence[Record], sample: int | None = None, seed: int = 0, progress: Progress = iter
) -> Looks:
    """Lengths of all clips, everything else of ``sample`` of them drawn at random (None: 2,000 or all there are)."""
    wanted = LOOKED_AT if sample is None else sample
    whole = set(np.random.default_rng(seed).permutation(len(records))[:wanted].tolist())
    chosen = {records[index].id for index in whole}
    looks = Looks()
    for record in progress(records):
        try:
            if record.id in chosen:
                looks.add(record.id, read_source(record.source))
            else:
                looks.lengths[record.id] = _length(record)
        except DataError as error:
            looks.unreadable[record.id] = str(error)
    return looks


def look_at(clip: Clip) -> Look:
    """The facts of one clip."""
    seen, confidence = {}, {}
    for part, indices in parts_of(clip).items():
        values = clip.confidence[:, indices]
        seen[part] = float((values > 0).any(1).mean())
        confidence[part] = float(values[values > 0].mean()) if (values > 0).any() else 0.0
    return Look(
        len(clip), clip.fps, len(clip.layout), seen, confidence, is_left_handed(clip), _content(clip)
    )  # fmt: skip


def parts_of(clip: Clip) -> dict[Part, list[int]]:
    """Indices of the points of body, face and hands, as far as the layout has them; features have none."""
    found: dict[Part, list[int]] = {}
    if clip.layout.points != FEATURE_LAYOUT.points:
        for component, indices in clip.layout.components.items():
            found.setdefault(part_of(component), []).extend(indices)
    return {part: found[part] for part in PARTS if part in found}


def same_clips(looks: Looks) -> list[list[str]]:
    """Ids of clips with the same numbers, of those that were read whole."""
    often = Counter(look.content for look in looks.clips.values())
    groups: dict[str, list[str]] = {}
    for record_id, look in looks.clips.items():
        if often[look.content] > 1:
            groups.setdefault(look.content, []).append(record_id)
    return list(groups.values())


def _content(clip: Clip) -> str:
    digest = hashlib.blake2b(digest_size=12)
    for values in (clip.data, clip.confidence > 0):
        array: NDArray[Any] = np.ascontiguousarray(values)
        digest.update(repr(array.shape).encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _length(record: Record) -> tuple[int, float]:
    """Frames and rate of a clip with as little reading as its file allows."""
    source = record.source
    if source.path.suffix == ".pose":
        return _header_length(source)
    if record.frames is not None and not source.path.is_dir():
        return record.frames, source.fps or USUAL_FPS
    clip = read_source(source)
    return len(clip), clip.fps


def _header_length(source: Source) -> tuple[int, float]:
    try:
        with source.path.open("rb") as file:
            header = check_header(file.read(HEADER_BYTES), source.path.stat().st_size, LIMITS)
    except (OSError, ValueError) as error:
        raise DataError(f"{source.path}: cannot be read ({error})") from error
    end = header.frames if source.end is None else min(source.end, header.frames)
    frames = end - (source.start or 0)
    if frames < 1:
        raise DataError(f"{source.path}: frames {source.start} to {source.end} are not among its {header.frames}")
    return frames, header.fps if header.fps > 0 else USUAL_FPS
