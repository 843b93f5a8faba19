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
from torch import Tensor

from mmpt_sign.batches.collate import pad_frames, pad_ids
from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.inference.clips import as_clip
from mmpt_sign.models.token_set import TokenSet
from mmpt_sign.poses.arrays import read_source
from mmpt_sign.poses.window import windows

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
        self, network: DualEncoder, experiment: Experiment, tokenizer: Tokenizer, notes: dict[str, Any] | None = None
    ) -> None:
        self.network = network
        self.experiment = experiment
        self.tokenizer = tokenizer
        self.notes = notes or {}

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.network.parameters()).device

    @property
    def needs(self) -> dict[str, Any]:
        """What a clip must offer to this model: its streams by kind."""
        return {name: stream.part_name for name, stream in self.experiment.streams.items()}

    def embed_poses(self, poses: Any, *, points: str | None = None, batch_tokens: int = TOKENS_PER_BATCH) -> FloatArray:
        """Vectors (N, D) of poses given as paths, ``Pose`` objects, `Clip` objects or (T, V, C) arrays.

        An iterator is consumed as it goes, so a collection need not fit into memory.  ``points`` names the layout of
        plain arrays when their number of points alone does not tell it.
        """
        name, stream = self._only_stream()
        given = ({name: stream.encode(stream.prepare(as_clip(pose, points)))} for pose in _each(poses))
        return self._embedded(given, batch_tokens)

    def embed_records(self, records: Sequence[Record], batch_tokens: int = TOKENS_PER_BATCH) -> FloatArray:
        """Vectors (N, D) of a data set's records, each stream from where the record has it."""
        return self._embedded((self.frames_of(record) for record in records), batch_tokens)

    def frames_of(self, record: Record) -> dict[str, FloatArray]:
        """What the model reads of a record, by stream."""
        streams = self.experiment.streams
        return {name: part.encode(part.prepare(read_source(record.source_of(name)))) for name, part in streams.items()}

    def _embedded(self, given: Iterator[dict[str, FloatArray]], batch_tokens: int) -> FloatArray:
        """Vectors of clips that come one after the other, a bounded number of them in memory."""
        parts = [np.zeros((0, self.experiment.text.width), np.float32)]
        while chunk := list(islice(given, CLIPS_AT_ONCE)):
            parts.append(self.embed_frames(chunk, batch_tokens))
        return np.concatenate(parts)

    def embed_texts(self, texts: Iterable[str], *, batch_tokens: int = TOKENS_PER_BATCH) -> FloatArray:
        """Vectors (M, D) of prompts; equal prompts are encoded once."""
        given = [texts] if isinstance(texts, str) else list(texts)
        if not all(isinstance(text, str) for text in given):
            raise DataError("texts must be strings")
        distinct = list(dict.fromkeys(given))
        rows = self.tokenizer.encode(distinct, self.experiment.text.max_tokens)
        vectors = np.zeros((len(distinct), self.experiment.text.width), np.float32)
        for chosen in _by_length([len(row) for row in rows], batch_tokens):
            ids, mask = pad_ids([rows[i] for i in chosen], self.tokenizer.pad_id)
            vectors[chosen] = self._vectors(self._run(self.network.encode_text, ids, mask))
        row_of = {text: row for row, text in enumerate(distinct)}
        return vectors[[row_of[text] for text in given]]

    def similarity(self, poses: Any, texts: Iterable[str]) -> FloatArray:
        """Scores (N, M): the model's own similarity, without the learned scale."""
        return self.score(self.embed_poses(poses), self.embed_texts(texts))

    def score(self, video: FloatArray, text: FloatArray) -> FloatArray:
        """Scores (N, M) of embedded clips and texts."""
        return video @ text.T

    def classify(self, poses: Any, prompts: Sequence[str], top_k: int = 5) -> list[list[tuple[str, float]]]:
        """For each pose the ``top_k`` prompts with their scores, best first."""
        scores = self.similarity(poses, prompts)
        order = np.argsort(-scores, axis=1, kind="stable")[:, :top_k]
        return [[(prompts[j], float(row[j])) for j in best] for row, best in zip(scores, order, strict=True)]

    def _only_stream(self) -> tuple[str, Any]:
        if len(self.experiment.streams) != 1:
            raise ConfigError(f"this model needs the streams {self.needs}; one pose is not enough")
        return next(iter(self.experiment.streams.items()))

    def _primary(self) -> Any:
        return next(iter(self.experiment.similarity.values()))

    def embed_frames(
        self, clips: Sequence[FloatArray | Mapping[str, FloatArray]], batch_tokens: int = TOKENS_PER_BATCH
    ) -> FloatArray:
        """Vectors (N, D) of (T, D) frames as the streams encode them; a long clip is the mean of its windows.

        Plain arrays are those of a model's only stream.
        """
        streams = self.experiment.streams
        only = next(iter(streams))
        named = [clip if isinstance(clip, Mapping) else {only: clip} for clip in clips]
        pieces = [(i, part) for i, clip in enumerate(named) for part in _windows(clip, streams)]
        lengths = [max(map(len, part.values())) for _, part in pieces]
        total = np.zeros((len(named), self.experiment.text.width), np.float32)
        weight = np.zeros((len(named), 1), np.float32)
        for chosen in _by_length(lengths, batch_tokens):
            padded = {name: pad_frames([pieces[i][1][name] for i in chosen]) for name in streams}
            pooled = self._video(padded)
            for i, vector in zip(chosen, pooled, strict=True):
                owner, part = pieces[i]
                total[owner] += vector * len(part[only])
                weight[owner] += len(part[only])
        return self._normalised(total / np.maximum(weight, 1))

    def _video(self, padded: Mapping[str, tuple[Tensor, Tensor]]) -> FloatArray:
        """Pooled vectors of one batch."""
        names = list(padded)
        flat = [tensor for name in names for tensor in padded[name]]

        def encode(*given: Tensor) -> TokenSet:
            streams = {name: (given[2 * k], given[2 * k + 1]) for k, name in enumerate(names)}
            encoded: TokenSet = self.network.encode_video(streams)["video"]
            return encoded

        pooled: FloatArray = self._run(encode, *flat).pooled.float().cpu().numpy()
        return pooled

    def _run(self, encode: Any, *inputs: Tensor) -> TokenSet:
        training = self.network.training
        self.network.eval()
        kind = next(self.network.parameters()).dtype
        moved = [value.to(self.device, kind if value.is_floating_point() else None) for value in inputs]
        try:
            with torch.inference_mode():
                encoded: TokenSet = encode(*moved)
        finally:
            self.network.train(training)
        return encoded

    def _vectors(self, sets: TokenSet) -> FloatArray:
        pooled: FloatArray = sets.pooled.float().cpu().numpy()
        return self._normalised(pooled)

    def _normalised(self, pooled: FloatArray) -> FloatArray:
        vectors: FloatArray = self._primary().vectors(torch.from_numpy(pooled)).numpy()
        return vectors


def _windows(clip: Mapping[str, FloatArray], streams: Mapping[str, Any]) -> list[dict[str, FloatArray]]:
    """The clip in pieces that fit; streams of equal length are cut at the same frames, others keep what fits."""
    longest = min(streams[name].max_frames for name in clip)
    lengths = {len(x) for x in clip.values()}
    fits = max(lengths) <= longest
    if fits or len(lengths) > 1 or any(streams[name].long_clips == "truncate" for name in clip):
        return [{name: x[: streams[name].max_frames] for name, x in clip.items()}]
    return [{name: x[window] for name, x in clip.items()} for window in windows(max(lengths), longest)]


def _each(poses: Any) -> Iterator[Any]:
    """One pose or many, one after the other: a single path or object stands for a list of one."""
    if isinstance(poses, str | bytes | Path | np.ndarray) or not isinstance(poses, Iterable) or hasattr(poses, "body"):
        return iter([poses])
    return iter(poses)


def _by_length(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Indices in batches, longest first, each batch within ``budget`` padded positions."""
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if batches and lengths[batches[-1][0]] * (len(batches[-1]) + 1) <= budget:
            batches[-1].append(index)
        else:
            batches.append([index])
    return batches
