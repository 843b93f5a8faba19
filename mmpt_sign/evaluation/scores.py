"""The score matrix, cut into pieces: nothing here or above copies the whole of it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.answers import IntArray

if TYPE_CHECKING:
    from mmpt_sign.records import Record

Scores = NDArray[np.floating[Any]]

CELLS = 1 << 21  # cells of a piece: small enough for the cache and for any machine, large enough to keep numpy busy
IN_MEMORY = 1 << 28  # cells of a matrix that is kept in memory, one gigabyte


def as_scores(scores: Any) -> Scores:
    """A two-dimensional float array of whatever was given; float32 and float64 are used as they are."""
    if hasattr(scores, "detach"):  # a torch tensor, without importing torch; bfloat16 has no numpy counterpart
        scores = scores.detach().cpu()
        scores = scores if str(scores.dtype) in ("torch.float32", "torch.float64") else scores.double()
        scores = scores.numpy()
    array = np.asarray(scores)
    if array.ndim != 2 or 0 in array.shape:
        raise DataError(f"scores must be a matrix (videos, texts) with one of each at least, not {array.shape}")
    if array.dtype.kind not in "fiub":
        raise DataError(f"scores must be real numbers, not {array.dtype}")
    return array if array.dtype in (np.float32, np.float64) else array.astype(np.float64)


def encoded_records(model: Any, records: Sequence[Record], **options: Any) -> Any:
    """Clips as the model's own similarity compares them; numpy takes them for their vectors.

    A model that knows vectors alone, such as a baseline, need not offer more than ``embed_records``.
    """
    if hasattr(model, "encode_records"):
        return model.encode_records(records, **options)
    return np.asarray(model.embed_records(records))


def encoded_texts(model: Any, texts: Sequence[str], **options: Any) -> Any:
    """As `encoded_records`, for prompts."""
    if hasattr(model, "encode_texts"):
        return model.encode_texts(list(texts), **options)
    return np.asarray(model.embed_texts(list(texts)))


def score_matrix(model: Any, video: Any, text: Any, **options: Any) -> Scores:
    """The model's scores of every clip and text; beyond a gigabyte they lie in a temporary file, mapped."""
    if len(video) * len(text) <= IN_MEMORY:
        return np.asarray(model.score(video, text, **options))
    with tempfile.TemporaryFile() as file:
        matrix = np.memmap(file, np.float32, "w+", shape=(len(video), len(text)))
    for piece in pieces(len(video), len(text)):
        matrix[piece] = model.score(video[piece], text, **options)
    return matrix


def pieces(count: int, width: int) -> Iterator[slice]:
    """Slices of ``count`` rows of ``width`` cells, each within the limit."""
    step = max(1, CELLS // max(width, 1))
    return (slice(start, min(start + step, count)) for start in range(0, count, step))


def cleaned(block: Scores) -> Scores:
    """The block with every score that is no finite number below all others."""
    finite = np.isfinite(block)
    return block if finite.all() else np.where(finite, block, -np.inf).astype(block.dtype)


def count_nonfinite(scores: Scores) -> int:
    """How many scores are NaN or infinite."""
    rows, width = scores.shape
    return sum(int(np.count_nonzero(~np.isfinite(scores[piece]))) for piece in pieces(rows, width))


class Merge:
    """Columns with the same answer become one, with the largest of their scores.

    ``first`` is the column where each merged candidate appears first; merged candidates keep that order.
    """

    def __init__(self, codes: IntArray) -> None:
        distinct, first, label = np.unique(codes, return_index=True, return_inverse=True)
        in_order = np.argsort(first, kind="stable")
        place = np.empty_like(in_order)
        place[in_order] = np.arange(len(in_order))
        self.codes = distinct[in_order]
        self.first = first[in_order]
        self.order = np.argsort(place[label], kind="stable")
        self.starts = np.concatenate([[0], np.cumsum(np.bincount(label)[in_order])])
        self.trivial = len(self.first) == len(codes)

    def __len__(self) -> int:
        return len(self.first)

    def __call__(self, block: Scores) -> Scores:
        """(rows, columns) -> (rows, merged columns)."""
        if self.trivial:
            return block
        merged: Scores = np.maximum.reduceat(block[:, self.order], self.starts[:-1], axis=1)
        return merged

    def columns(self, chosen: slice) -> IntArray:
        """The original columns of some merged candidates, candidate by candidate."""
        members: IntArray = self.order[self.starts[chosen.start] : self.starts[chosen.stop]]
        return members

    def of(self, scores: Scores, chosen: slice) -> Scores:
        """Some merged columns as rows: (merged candidates, videos)."""
        block = cleaned(np.ascontiguousarray(scores[:, self.columns(chosen)].T))
        if self.trivial:
            return block
        starts = self.starts[chosen.start : chosen.stop] - self.starts[chosen.start]
        merged: Scores = np.maximum.reduceat(block, starts, axis=0)
        return merged
