"""Records of one split as examples that can be collated: prepared clip, augmentation, window, tokens.

Everything random is drawn from (seed, epoch, index) alone, so an example is the same whichever worker process makes it,
whatever was made before it, and after a resume.  A prompt is changed at random by (seed, epoch, prompt), so clips that
share it in a batch share the change too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from mmpt_sign.batches.answers import answer_numbers
from mmpt_sign.errors import DataError
from mmpt_sign.poses.arrays import read_source
from mmpt_sign.text.augment import augmented as augmented_text

if TYPE_CHECKING:
    from mmpt_sign.config.contracts import Stream, TextAugment
    from mmpt_sign.poses.clip import Clip, FloatArray
    from mmpt_sign.records import Record, Source
    from mmpt_sign.text.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Example:
    """One clip with one of its prompts; prompts and answers have the same numbers in every process.

    Answers that training must not tell apart have one number: see `answers.answer_numbers`.
    A ``missing`` stream, which this clip has no frames of, holds one frame of zeros for the shape's sake.
    """

    index: int
    frames: Mapping[str, FloatArray]
    tokens: Sequence[int]
    text_id: int
    answer_id: int
    augmented: Sequence[int] | None = None  # the prompt, changed at random
    missing: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Prompt:
    """A text without a clip."""

    tokens: Sequence[int]
    text_id: int
    answer_id: int
    augmented: None = None


class Examples:
    """A sequence of examples over records.

    In training each look at an example draws one of its prompts, an augmentation of the clip, one of the prompt and, of
    a clip longer than its stream takes, a window.  Otherwise the first prompt and the first frames are taken: the model
    embeds long clips window by window, not here.  Prepared clips stay in memory up to ``cache_bytes``.

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
        augment: TextAugment | None = None,
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
        self._answer_ids = answer_numbers(records)
        self._text_ids = _numbered([text for record in records for text in record.texts])
        self._encode = partial(tokenizer.encode, max_tokens=max_tokens)
        self._tokens = self._encode(list(self._text_ids))
        self._all_texts: tuple[str, ...] = getattr(tokenizer, "all_texts", ())
        self._augment = augment if training else None

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: int) -> Example:
        return self._example(index) if not self.training else self._readable_example(index)

    def set_epoch(self, epoch: int) -> None:
        """Choose which draws are made; call it before the worker processes of an epoch start."""
        self.epoch = epoch

    def frames(self, index: int) -> dict[str, FloatArray]:
        """All frames of a clip in every stream that it has, without augmentation or window."""
        missing = self._missing(index)
        return {
            name: stream.encode(self._prepared(index, name))
            for name, stream in self.streams.items()
            if name not in missing
        }

    @cached_property
    def prompts(self) -> list[Prompt]:
        """Every prompt of these records, then the texts that the tokeniser knows besides: nobody's answers."""
        answers: dict[str, int] = {}
        for record in self.records:
            for text in record.texts:
                answers.setdefault(text, self._answer_ids[record.answer])
        own = [Prompt(self._tokens[number], number, answers[text]) for text, number in self._text_ids.items()]
        others = [text for text in self._all_texts if text not in self._text_ids]
        rows = self._encode(others) if others else []
        return own + [Prompt(row, len(own) + k, -1 - k) for k, row in enumerate(rows)]

    @cached_property
    def lengths(self) -> list[int]:
        """Frames of each example before any resampling, from headers where the data set does not say."""
        longest = max(stream.max_frames for stream in self.streams.values())
        return [min(self._frames(record), longest) for record in self.records]

    def _frames(self, record: Record) -> int:
        first = next((name for name in self.streams if record.source_of(name) is not None), "")
        if record.frames is not None and first not in record.sources:
            return record.frames
        try:
            return count_frames(_source(record, first))
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
        missing = self._missing(index)
        frames = {
            name: np.zeros((1, stream.width), np.float32) if name in missing else self._window(index, name, position)
            for name, stream in self.streams.items()
        }
        tokens, augmented = self._tokens[text_id], None
        if self._augment is not None:
            changed = augmented_text(text, self._augment, self._generator(text_id, 2))  # alike in every process
            augmented = tokens if changed == text else self._encode([changed])[0]
        return Example(index, frames, tokens, text_id, self._answer_ids[record.answer], augmented, missing)

    def _missing(self, index: int) -> frozenset[str]:
        record = self.records[index]
        missing = frozenset(name for name in self.streams if record.source_of(name) is None)
        if len(missing) == len(self.streams):
            raise DataError(f"{record.id}: has no frames for any of the streams {', '.join(self.streams)}")
        return missing

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
            clip = self.streams[name].prepare(read_source(_source(self.records[index], name)))
            self._cache.put((index, name), clip)
        return clip


def _source(record: Record, stream: str) -> Source:
    """The source of a stream that the record must have."""
    source = record.source_of(stream)
    if source is None:
        raise DataError(f"{record.id}: has no frames for the stream '{stream}'")
    return source


def _numbered(values: Sequence[str]) -> dict[str, int]:
    """Numbers by first appearance."""
    return {value: number for number, value in enumerate(dict.fromkeys(values))}


def count_frames(source: Source) -> int:
    """Frames of a source, from its header where there is one."""
    if source.made is not None:
        return source.made.frames
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
