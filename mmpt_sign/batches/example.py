"""Examples: a record's frames as the streams encode them, one of its prompts, and who it agrees with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mmpt_sign.poses.arrays import read_source

if TYPE_CHECKING:
    from mmpt_sign.config.contracts import Stream
    from mmpt_sign.poses.clip import Clip, FloatArray
    from mmpt_sign.records import Record
    from mmpt_sign.text.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Example:
    """One clip ready for a batch; prompts and answers are numbered the same way in every process."""

    index: int
    frames: Mapping[str, FloatArray]
    tokens: Sequence[int]
    text_id: int
    answer_id: int


class Examples:
    """The records of one split as examples.

    The random numbers of an example come from (seed, epoch, index) alone, so neither workers nor a restart change them.
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
        cache_bytes: int,
    ) -> None:
        self.records = records
        self.streams = streams
        self.seed = seed
        self.training = training
        self.epoch = 1
        self.answers = [record.answer for record in records]
        self._answer_ids = _numbered(self.answers)
        self._text_ids = _numbered([text for record in records for text in record.texts])
        self._tokens = tokenizer.encode(list(self._text_ids), max_tokens)
        self._clips: dict[tuple[str, int], Clip] = {}
        self._room = cache_bytes

    def __len__(self) -> int:
        return len(self.records)

    @property
    def lengths(self) -> list[int]:
        """Frames of each clip, as far as the data set knows without reading; 0 where it does not."""
        return [record.frames or 0 for record in self.records]

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch whose random numbers are used."""
        self.epoch = epoch

    def __getitem__(self, index: int) -> Example:
        record = self.records[index]
        rng = np.random.default_rng((self.seed, self.epoch, index)) if self.training else None
        text = record.texts[int(rng.integers(len(record.texts)))] if rng is not None else record.texts[0]
        frames = {name: self._window(name, self._frames(name, index, rng), rng) for name in self.streams}
        text_id = self._text_ids[text]
        return Example(index, frames, self._tokens[text_id], text_id, self._answer_ids[record.answer])

    def frames(self, index: int) -> FloatArray:
        """All frames of a clip in its only stream, without augmentation."""
        return self._frames(next(iter(self.streams)), index, None)

    def _frames(self, name: str, index: int, rng: np.random.Generator | None) -> FloatArray:
        return self.streams[name].encode(self._prepared(name, index), rng)

    def _prepared(self, name: str, index: int) -> Clip:
        key = (name, index)
        if key not in self._clips:
            clip = self.streams[name].prepare(read_source(self.records[index].source))
            size = clip.data.nbytes + clip.confidence.nbytes
            if size > self._room:
                return clip
            self._room -= size
            self._clips[key] = clip
        return self._clips[key]

    def _window(self, name: str, frames: FloatArray, rng: np.random.Generator | None) -> FloatArray:
        """At most ``max_frames``: a random window in training, the first one otherwise."""
        most = self.streams[name].max_frames
        if len(frames) <= most:
            return frames
        free = rng is not None and self.streams[name].long_clips == "window"
        start = int(rng.integers(len(frames) - most + 1)) if free and rng is not None else 0
        return frames[start : start + most]


def _numbered(values: Sequence[str]) -> dict[str, int]:
    """Numbers by first appearance."""
    return {value: number for number, value in enumerate(dict.fromkeys(values))}
