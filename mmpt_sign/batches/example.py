"""Records of one split as examples that can be collated: prepared clip, augmentation, window, tokens.

Everything random is drawn from (seed, epoch, index) alone, so an example is the same whichever worker process makes it,
whatever was made before it, and after a resume.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from mmpt_sign.errors import DataError
from mmpt_sign.poses.arrays import read_source

if TYPE_CHECKING:
    from mmpt_sign.config.contracts import Stream
    from mmpt_sign.poses.clip import Clip, FloatArray
    from mmpt_sign.records import Record, Source
    from mmpt_sign.text.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Example:
    """One clip with one of its prompts; prompts and answers have the same numbers in every process."""

    index: int
    frames: Mapping[str, FloatArray]
    tokens: Sequence[int]
    text_id: int
    answer_id: int


class Examples:
    """A sequence of examples over records.

    In training each look at an example draws one of its prompts, an augmentation and, of a clip longer than its stream
    takes, a window.  Otherwise the first prompt and the first frames are taken: the model embeds long clips window by
    window, not here.  Prepared clips stay in memory up to ``cache_bytes``.

    A clip that cannot be read is replaced in training by the next one that can, and listed in ``skipped``; more than
    ``max_skipped`` of all is an error, and so is any such clip outside training.
    """

    def __init__(
        self,
        records: Sequence[Record],
        streams: Mapping[str, Stream],
        tokenizer: Tokenizer,
        *,
        max_tokens: int,
        seed: int,
        training: bool,
        cache_bytes: int = 0,
        max_skipped: float = 0.05,
    ) -> None:
        self.records = records
        self.streams = streams
        self.training = training
        self.seed = seed
        self.epoch = 1
        self.skipped: dict[str, str] = {}
        self.max_skipped = max_skipped
        self._cache = _ClipCache(cache_bytes)
        self.answers = [record.answer for record in records]
        self._answer_ids = _numbered(self.answers)
        self._text_ids = _numbered([text for record in records for text in record.texts])
        self._tokens = tokenizer.encode(list(self._text_ids), max_tokens)

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: int) -> Example:
        return self._example(index) if not self.training else self._readable_example(index)

    def set_epoch(self, epoch: int) -> None:
        """Choose which draws are made; call it before the worker processes of an epoch start."""
        self.epoch = epoch

    def frames(self, index: int) -> dict[str, FloatArray]:
        """All frames of a clip in every stream, without augmentation or window."""
        return {name: stream.encode(self._prepared(index, name)) for name, stream in self.streams.items()}

    @cached_property
    def lengths(self) -> list[int]:
        """Frames of each example before any resampling, from headers where the data set does not say."""
        longest = max(stream.max_frames for stream in self.streams.values())
        return [min(self._frames(record), longest) for record in self.records]

    def _frames(self, record: Record) -> int:
        first = next(iter(self.streams))
        if record.frames is not None and first not in record.sources:
            return record.frames
        try:
            return count_frames(record.source_of(first))
        except DataError as error:
            if not self.training:
                raise
            self._skip(record, error)
            return 1

    def _readable_example(self, index: int) -> Example:
        """The example at ``index``, or the next one whose clip can be read."""
        while True:
            try:
                return self._example(index)
            except DataError as error:
                self._skip(self.records[index], error)
                index = (index + 1) % len(self.records)

    def _skip(self, record: Record, error: DataError) -> None:
        self.skipped[record.id] = str(error)
        if len(self.skipped) > self.max_skipped * len(self.records):
            raise DataError(
                [f"{len(self.skipped)} of {len(self.records)} clips cannot be read, more than {self.max_skipped:.0%}:"]
                + [f"  {name}: {reason}" for name, reason in list(self.skipped.items())[:10]]
            ) from error

    def _example(self, index: int) -> Example:
        record, rng = self.records[index], self._generator(index)
        text = record.texts[int(rng.integers(len(record.texts))) if self.training else 0]
        position = float(rng.random()) if self.training else 0.0
        text_id = self._text_ids[text]
        frames = {name: self._window(index, name, position) for name in self.streams}
        return Example(index, frames, self._tokens[text_id], text_id, self._answer_ids[record.answer])

    def _generator(self, index: int, purpose: int = 0) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence((self.seed, self.epoch, index), spawn_key=(purpose,)))

    def _window(self, index: int, name: str, position: float) -> FloatArray:
        """At most ``max_frames``; the streams of one clip get equal draws, so that they stay aligned."""
        stream = self.streams[name]
        frames = stream.encode(self._prepared(index, name), self._generator(index, 1) if self.training else None)
        room = max(len(frames) - stream.max_frames, 0)
        start = int(position * (room + 1)) if stream.long_clips == "window" else 0
        return frames[start : start + stream.max_frames]

    def _prepared(self, index: int, name: str) -> Clip:
        clip = self._cache.get((index, name))
        if clip is None:
            clip = self.streams[name].prepare(read_source(self.records[index].source_of(name)))
            self._cache.put((index, name), clip)
        return clip


def _numbered(values: Sequence[str]) -> dict[str, int]:
    """Numbers by first appearance."""
    return {value: number for number, value in enumerate(dict.fromkeys(values))}


def count_frames(source: Source) -> int:
    """Frames of a source, from its header where there is one."""
    if source.path.suffix == ".pose":
        from mmpt_sign.poses.read import frame_count

        total = frame_count(source.path)
        return max(min(total, source.end if source.end is not None else total) - (source.start or 0), 0)
    if source.path.is_dir() and (source.start, source.end) == (None, None):
        from mmpt_sign.features.store import opened

        return opened(source.path).frames_of(source)
    return len(read_source(source))


class _ClipCache:
    """Prepared clips until the bound is reached; what came first stays, which for epochs beats any eviction."""

    def __init__(self, max_bytes: int) -> None:
        self.left = max_bytes
        self._clips: dict[tuple[int, str], Clip] = {}

    def get(self, key: tuple[int, str]) -> Clip | None:
        return self._clips.get(key)

    def put(self, key: tuple[int, str], clip: Clip) -> None:
        size = clip.data.nbytes + clip.confidence.nbytes
        if size <= self.left:
            self._clips[key] = clip
            self.left -= size
