"""A trained model in use: poses and texts in, vectors and scores out.

Training selects checkpoints, predict jobs and applications all embed through this one class.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from mmpt_sign.errors import DataError
from mmpt_sign.inference import comparing
from mmpt_sign.inference.alignment import Alignment, align
from mmpt_sign.inference.clips import as_clip, of_file
from mmpt_sign.inference.encoded import Encoded, Vectors, joined
from mmpt_sign.inference.encoding import encode_clips, encode_texts
from mmpt_sign.inference.following import Progress, followed
from mmpt_sign.inference.one_pose import UNSEEN, OnePose, is_seen
from mmpt_sign.inference.videos import clips_of_videos
from mmpt_sign.poses.arrays import read_source
from mmpt_sign.poses.clip import Clip

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment
    from mmpt_sign.models.dual_encoder import DualEncoder
    from mmpt_sign.poses.clip import FloatArray
    from mmpt_sign.records import Record
    from mmpt_sign.text.tokenizer import Tokenizer

TOKENS_PER_BATCH = 8192
CLIPS_AT_ONCE = 1024  # in memory; embedding goes through them longest first


class SignModel:
    """Embeds poses and texts into one space and compares them."""

    def __init__(
        self,
        network: DualEncoder,
        experiment: Experiment,
        tokenizer: Tokenizer,
        notes: dict[str, Any] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.network = network
        self.experiment = experiment
        self.tokenizer = tokenizer
        self.notes = notes or {}
        self.folder = folder

    @classmethod
    def from_pretrained(cls, folder: str | Path, device: str = "auto") -> SignModel:
        """As `mmpt_sign.load`."""
        from mmpt_sign.inference.load import load

        return load(folder, device)

    def save_pretrained(
        self, folder: str | Path, *, half: bool = False, slim: bool = False, licence: str | None = None
    ) -> Path:
        """Write weights, configuration, tokeniser and card; `inference.export.export` explains the options."""
        from mmpt_sign.inference.export import export

        return export(self, folder, half=half, slim=slim, licence=licence).folder

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.network.parameters()).device

    @property
    def needs(self) -> dict[str, Any]:
        """What a clip must offer to this model: its streams by kind, without those that are optional."""
        return {name: part.part_name for name, part in self.experiment.streams.items() if not part.optional}

    def embed_poses(
        self,
        poses: Any,
        *,
        points: str | None = None,
        batch_tokens: int = TOKENS_PER_BATCH,
        progress: Progress | bool = False,
    ) -> FloatArray:
        """Vectors (N, D) of poses given as paths, ``Pose`` objects, `Clip` objects or (T, V, C) arrays.

        A clip of which the model sees no point is refused, but for a `Clip`, which may be a moment of a longer one.
        An iterator is consumed as it goes, so a collection need not fit into memory.  ``points`` names the layout of
        plain arrays when their number of points alone does not tell it.  ``progress`` shows a bar, or is a function
        that is told how many of how many are read.
        """
        return self._embedded(self._frames_of_poses(poses, points, progress), batch_tokens)

    def embed_videos(self, videos: Any, *, progress: Progress | bool = False) -> FloatArray:
        """Vectors (N, D) of video files, one or several, whose poses MediaPipe estimates first."""
        given = [videos] if isinstance(videos, str | Path) else list(videos)
        reads = OnePose.of(self.experiment)
        clips = zip(given, followed(clips_of_videos(given), progress, len(given)), strict=True)
        return self._embedded((_frames(reads, path, clip) for path, clip in clips), TOKENS_PER_BATCH)

    def embed_records(self, records: Sequence[Record], batch_tokens: int = TOKENS_PER_BATCH) -> FloatArray:
        """Vectors (N, D) of a data set's records, each stream from where the record has it."""
        return self._embedded((self.frames_of(record) for record in records), batch_tokens)

    def encode_poses(self, poses: Any, *, points: str | None = None, batch_tokens: int = TOKENS_PER_BATCH) -> Vectors:
        """As `embed_poses`, in the form that `score` compares: the same vectors, or an `Encoded` with tokens."""
        return self._encoded(self._frames_of_poses(poses, points, False), batch_tokens)

    def encode_records(
        self,
        records: Sequence[Record],
        batch_tokens: int = TOKENS_PER_BATCH,
        pairs: Sequence[str] = (),
        *,
        only_seen: bool = False,
    ) -> Vectors:
        """As `embed_records`, in the form that `score` compares; ``pairs`` names similarities, by default the first."""
        return self._encoded((self.frames_of(record, only_seen) for record in records), batch_tokens, pairs)

    def frames_of(self, record: Record, only_seen: bool = False) -> dict[str, FloatArray]:
        """What the model reads of a record, by stream; an evaluation counts every clip, a search ``only_seen`` ones."""
        found, seen = {}, False
        for name, part in self.experiment.streams.items():
            source = record.source_of(name)
            if source is not None:
                with of_file(source.path):
                    clip = part.prepare(read_source(source))
                    found[name] = part.encode(clip)
                seen = seen or is_seen(part, clip)
        if only_seen and found and not seen:
            raise DataError(f"{record.source.path}: {UNSEEN}")
        return found

    def embed_frames(
        self, clips: Sequence[FloatArray | Mapping[str, FloatArray]], batch_tokens: int = TOKENS_PER_BATCH
    ) -> FloatArray:
        """Vectors (N, D) of (T, D) frames as the streams encode them; a long clip is the mean of its windows.

        Plain arrays are those of the only stream that the model needs.
        """
        return self._clips(clips, batch_tokens, (), tokens=False).vectors

    def encode_frames(
        self,
        clips: Sequence[FloatArray | Mapping[str, FloatArray]],
        batch_tokens: int = TOKENS_PER_BATCH,
        pairs: Sequence[str] = (),
    ) -> Vectors:
        """As `embed_frames`, in the form that `score` compares."""
        found = self._clips(clips, batch_tokens, pairs, tokens=True)
        return found if self.compares_tokens or pairs else found.vectors

    def embed_texts(self, texts: Iterable[str], *, batch_tokens: int = TOKENS_PER_BATCH) -> FloatArray:
        """Vectors (M, D) of prompts; equal prompts are encoded once."""
        return self._texts(texts, batch_tokens, (), tokens=False).vectors

    def encode_texts(
        self, texts: Iterable[str], *, batch_tokens: int = TOKENS_PER_BATCH, pairs: Sequence[str] = ()
    ) -> Vectors:
        """As `embed_texts`, in the form that `score` compares."""
        found = self._texts(texts, batch_tokens, pairs, tokens=True)
        return found if self.compares_tokens or pairs else found.vectors

    def similarity(self, poses: Any, texts: Iterable[str]) -> FloatArray:
        """Scores (N, M): the model's own similarity, without the learned scale."""
        return self.score(self.encode_poses(poses), self.encode_texts(texts))

    def score(self, video: Vectors, text: Vectors, pair: str | None = None) -> FloatArray:
        """Scores (N, M) of clips and texts: by tokens where both are `Encoded`, else dot products of vectors.

        Dot products are the similarity itself of a model that compares pooled vectors, and the fast first pass of one
        that compares tokens.  ``pair`` names a similarity other than the first, for which both sides were encoded.
        """
        if isinstance(video, Encoded) and isinstance(text, Encoded):
            name = pair or self.pairs[0]
            left, right = self.network.pairs[name]
            part = self.network.similarity[name]
            return comparing.scores(part, video.sides[left], text.sides[right], self.device)
        if isinstance(video, Encoded) or isinstance(text, Encoded) or pair is not None:
            raise DataError("clips and texts that are compared by tokens must both come from encode_…")
        found: FloatArray = video @ text.T
        return found

    def classify(self, poses: Any, prompts: Sequence[str], top_k: int = 5) -> list[list[tuple[str, float]]]:
        """For each pose the ``top_k`` prompts with their scores, best first."""
        scores = self.similarity(poses, prompts)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :top_k]
        return [[(prompts[j], float(row[j])) for j in best] for row, best in zip(scores, order, strict=True)]

    def align(self, clip: Any, sentence: str, *, points: str | None = None) -> Alignment:
        """Which frames of a clip (as `embed_poses` takes them, or a video) answer which word of a sentence."""
        reads, given = OnePose.of(self.experiment), as_clip(clip, points)
        frames = _frames(reads, clip, given)
        shown = reads.frame_numbers(given)
        return align(self, frames, sentence, frames=len(given), fps=given.fps, shown=shown)

    def align_record(self, record: Record) -> Alignment:
        """As `align`, for a record with its first text; frames are counted as the record counts them."""
        frames = self.frames_of(record)
        name = next(iter(frames))
        given = read_source(record.source_of(name))
        total = record.frames or len(given)
        shown = self.experiment.streams[name].frame_numbers(given) * (total / len(given))
        return align(self, frames, record.texts[0], frames=total, fps=given.fps, shown=shown)

    @property
    def pairs(self) -> list[str]:
        """The similarities between clips and texts by name, the one that scores first."""
        return [name for name, (_, right) in self.network.pairs.items() if right == "text"]

    @property
    def compares_tokens(self) -> bool:
        """Whether one vector of a clip is only the first pass of comparing it."""
        return bool(self.network.similarity[self.pairs[0]].needs == "tokens")

    def _clips(self, clips: Sequence[Any], batch_tokens: int, pairs: Sequence[str], *, tokens: bool) -> Encoded:
        return encode_clips(self, clips, batch_tokens, pairs or self.pairs[:1], tokens=tokens)

    def _texts(self, texts: Iterable[str], batch_tokens: int, pairs: Sequence[str], *, tokens: bool) -> Encoded:
        given = [texts] if isinstance(texts, str) else list(texts)
        if not all(isinstance(text, str) for text in given):
            raise DataError("texts must be strings")
        return encode_texts(self, given, batch_tokens, pairs or self.pairs[:1], tokens=tokens)

    def _frames_of_poses(
        self, poses: Any, points: str | None, progress: Progress | bool
    ) -> Iterator[dict[str, FloatArray]]:
        reads = OnePose.of(self.experiment)
        total = len(poses) if isinstance(poses, list | tuple) else 0
        each = followed(_each(poses), progress, total)
        return (_frames(reads, pose, as_clip(pose, points)) for pose in each)

    def _embedded(self, given: Iterator[dict[str, FloatArray]], batch_tokens: int) -> FloatArray:
        """Vectors of clips that come one after the other, a bounded number of them in memory."""
        return np.concatenate([self.embed_frames(chunk, batch_tokens) for chunk in _chunks(given)])

    def _encoded(self, given: Iterator[dict[str, FloatArray]], batch_tokens: int, pairs: Sequence[str] = ()) -> Vectors:
        """As `_embedded`; the tokens of all clips stay in memory."""
        return joined([self.encode_frames(chunk, batch_tokens, pairs) for chunk in _chunks(given)])


def _frames(reads: OnePose, given: Any, clip: Clip) -> dict[str, FloatArray]:
    """(T, D) frames by stream of a clip and what it was given as; a `Clip` may be a moment that shows nothing."""
    with of_file(given):
        return reads.frames(clip, only_seen=not isinstance(given, Clip))


def _chunks(given: Iterator[dict[str, FloatArray]]) -> Iterator[list[dict[str, FloatArray]]]:
    """Clips in lists that fit into memory; one empty list where there are none."""
    chunk = list(islice(given, CLIPS_AT_ONCE))
    yield chunk
    while chunk := list(islice(given, CLIPS_AT_ONCE)):
        yield chunk


def _each(poses: Any) -> Iterator[Any]:
    """One pose or many, one after the other: a single path or object stands for a list of one."""
    if isinstance(poses, str | bytes | Path | np.ndarray) or not isinstance(poses, Iterable) or hasattr(poses, "body"):
        return iter([poses])
    return iter(poses)
