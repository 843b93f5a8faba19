"""Tokens of an index's clips: the fast first pass finds candidates, the model's own similarity puts them in order.

In memory while an index is made, in one file beside it afterwards, of which a search reads no more than the tokens of
its candidates.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmpt_sign.errors import CheckpointError
from mmpt_sign.files import complete
from mmpt_sign.inference.comparing import scores
from mmpt_sign.inference.encoded import Encoded, Positions, Ragged
from mmpt_sign.inference.index_file import with_ending

if TYPE_CHECKING:
    from mmpt_sign.inference.model import SignModel
    from mmpt_sign.poses.clip import FloatArray

CANDIDATES = 200  # of 10,000 clips, they held the best one as often as all did (benchmarks/rerank.py)
SUFFIX = ".tokens"
ARRAYS = ("pooled", "starts", "mask", "present")


class Shelf:
    """The tokens of the clips of an index, in the order of its rows, in half precision."""

    def __init__(self, ragged: Ragged, stored: Any = None) -> None:
        self._ragged = ragged  # without tokens where these are in a file
        self._stored = stored

    @classmethod
    def of(cls, encoded: Encoded, side: str) -> Shelf:
        """What one side of the similarity needs."""
        return cls(_halved(encoded.sides[side]))

    def __len__(self) -> int:
        return len(self._ragged)

    def rows(self, chosen: Positions) -> Ragged:
        """Some clips, read from the file where they are not in memory."""
        if self._stored is None:
            return self._ragged.rows(chosen)
        starts, counts = self._ragged.starts, self._ragged.counts
        parts = [self._stored[int(starts[row]) : int(starts[row + 1])] for row in chosen]
        places = np.concatenate([np.zeros(0, np.int64), *(np.arange(starts[row], starts[row + 1]) for row in chosen)])
        return Ragged(
            self._ragged.pooled[chosen],
            np.concatenate([np.zeros((0, self._ragged.pooled.shape[1]), np.float16), *parts]),
            self._ragged.mask[places],
            np.concatenate([[0], np.cumsum(counts[chosen])]),
            self._ragged.present[chosen],
        )

    def kept(self, rows: Positions) -> Shelf:
        """Only some clips."""
        return Shelf(self.rows(rows))

    def joined(self, more: Shelf) -> Shelf:
        """More clips behind these."""
        every = [shelf.rows(np.arange(len(shelf))) for shelf in (self, more)]
        return Shelf(Ragged.joined(every))

    def save(self, index: Path, ids: Sequence[str], fingerprint: str) -> Path:
        """Write the file beside an index, complete or not at all."""
        from safetensors.numpy import save_file

        whole = self.rows(np.arange(len(self)))
        arrays = {name: np.ascontiguousarray(getattr(whole, name)) for name in ("tokens", *ARRAYS)}
        path = _beside(index)
        with complete(path) as fresh:
            save_file(arrays, fresh, {"model": fingerprint, "clips": _digest(ids)})
        return path

    @classmethod
    def load(cls, index: Path, ids: Sequence[str], fingerprint: str) -> Shelf:
        """Open the file beside an index; it must be of the same model and of the same clips in the same order."""
        from safetensors import SafetensorError, safe_open

        path = _beside(index)
        if not path.is_file():
            raise CheckpointError(
                f"{path}: missing; an index of a model that compares tokens needs this file beside it"
            )
        try:
            file: Any = safe_open(path, "numpy")
            found = {name: file.get_tensor(name) for name in ARRAYS}
            tokens, notes = file.get_slice("tokens"), file.metadata() or {}
            shape = tokens.get_shape()
        except (SafetensorError, OSError, ValueError) as error:
            raise CheckpointError(f"{path}: not readable as the tokens of an index ({error})") from error
        if notes != {"model": fingerprint, "clips": _digest(ids)}:
            raise CheckpointError(f"{path}: belongs to another index or model; build the index again")
        ragged = Ragged(tokens=np.zeros((0, shape[-1]), np.float16), **found)
        _check(path, ragged, shape, len(ids))
        return cls(ragged, tokens)


def reordered(model: SignModel, shelf: Shelf, query: Encoded, rows: Positions) -> tuple[Positions, FloatArray]:
    """Candidates by the model's own similarity with a text, best first."""
    pair = model.pairs[0]
    part, side = model.network.similarity[pair], model.network.pairs[pair][1]
    found = scores(part, shelf.rows(rows), query.sides[side], model.device)[:, 0]
    order = np.lexsort((rows, -np.nan_to_num(found, nan=-np.inf)))
    return rows[order], found[order]


def can_rerank(model: SignModel, query: Any) -> bool:
    """Whether the query is a text with tokens; clips are compared with clips by their vectors."""
    return isinstance(query, Encoded) and model.network.pairs[model.pairs[0]][1] in query.sides


def _halved(side: Ragged) -> Ragged:
    return Ragged(side.pooled, side.tokens.astype(np.float16), side.mask, side.starts, side.present)


def _check(path: Path, ragged: Ragged, shape: Sequence[int], clips: int) -> None:
    starts = ragged.starts
    sound = (
        len(shape) == 2
        and len(ragged.pooled) == len(ragged.present) == clips
        and starts.shape == (clips + 1,)
        and starts.dtype == np.int64
        and int(starts[0]) == 0
        and bool((np.diff(starts) >= 0).all())
        and int(starts[-1]) == shape[0] == len(ragged.mask)
        and ragged.mask.dtype == ragged.present.dtype == np.bool_
    )
    if not sound:
        raise CheckpointError(f"{path}: damaged; build the index again")


def _beside(index: Path) -> Path:
    return with_ending(index, ".npz").with_suffix(SUFFIX)


def _digest(ids: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(ids).encode()).hexdigest()
