"""Clips or texts as a model's own similarity compares them: a vector of each, and tokens of uneven number behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

    from mmpt_sign.models.token_set import TokenSet
    from mmpt_sign.poses.clip import FloatArray

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Ragged:
    """What one side of a similarity needs of N items; the tokens of item i are those from ``starts[i]`` on.

    ``times`` are the frames that a token means, where the model knows; ``present`` is False for clips without any
    frames of the stream.  A side that is compared by its pooled vectors has no tokens.
    """

    pooled: FloatArray  # (N, D)
    tokens: FloatArray  # (P, D)
    mask: NDArray[np.bool_]  # (P,)
    starts: Positions  # (N + 1,)
    present: NDArray[np.bool_]  # (N,)
    times: FloatArray | None = None  # (P, 2)

    def __len__(self) -> int:
        return len(self.pooled)

    @property
    def counts(self) -> Positions:
        """Tokens of each item."""
        return np.diff(self.starts)

    def rows(self, chosen: Any) -> Ragged:
        """Some items, in that order."""
        rows = np.arange(len(self))[chosen]
        places, starts = self._places(rows)
        times = None if self.times is None else self.times[places]
        return Ragged(self.pooled[rows], self.tokens[places], self.mask[places], starts, self.present[rows], times)

    def padded(self, rows: Positions, device: torch.device | str) -> TokenSet:
        """Some items side by side, as a similarity reads them."""
        import torch

        from mmpt_sign.models.token_set import TokenSet

        places, starts = self._places(rows)
        counts = np.diff(starts)
        filled = np.arange(max(int(counts.max(initial=0)), 1))[None] < counts[:, None]
        tokens = np.zeros((*filled.shape, self.tokens.shape[1]), np.float32)
        mask = np.zeros(filled.shape, bool)
        tokens[filled], mask[filled] = self.tokens[places], self.mask[places]
        pooled = np.ascontiguousarray(self.pooled[rows])
        return TokenSet(*(torch.from_numpy(value).to(device) for value in (tokens, mask, pooled)))

    @classmethod
    def joined(cls, parts: Sequence[Ragged]) -> Ragged:
        """The items of all parts, one after the other."""
        ends = np.cumsum([0, *(part.starts[-1] for part in parts)])
        starts = [part.starts[:-1] + before for part, before in zip(parts, ends, strict=False)]
        times = [part.times for part in parts if part.times is not None]
        return cls(
            np.concatenate([part.pooled for part in parts]),
            np.concatenate([part.tokens for part in parts]),
            np.concatenate([part.mask for part in parts]),
            np.concatenate([*starts, ends[-1:]]),
            np.concatenate([part.present for part in parts]),
            np.concatenate(times) if len(times) == len(parts) else None,
        )

    def _places(self, rows: Positions) -> tuple[Positions, Positions]:
        """Where the tokens of some items are, and where each item begins among them."""
        counts = self.counts[rows]
        starts = np.concatenate([[0], np.cumsum(counts)])
        return np.repeat(self.starts[rows] - starts[:-1], counts) + np.arange(starts[-1]), starts


@dataclass(frozen=True)
class Encoded:
    """Clips or texts of a model that compares tokens.

    numpy takes it for its ``vectors``, the fast first pass, which are what ``embed_…`` return; ``sides`` are what the
    similarities compare, by the names of their sides: ``video``, ``text``, a tower.
    """

    vectors: FloatArray
    sides: Mapping[str, Ragged]

    def __len__(self) -> int:
        return len(self.vectors)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(self.vectors, dtype, copy=bool(copy) or dtype not in (None, self.vectors.dtype))

    def __getitem__(self, chosen: Any) -> Encoded:
        """Some of them by a slice, positions or a mask; one number gives a collection of one."""
        rows: Any = [chosen] if isinstance(chosen, int | np.integer) else chosen
        return Encoded(self.vectors[rows], {name: side.rows(rows) for name, side in self.sides.items()})

    def __iter__(self) -> Iterator[Encoded]:
        return (self[row] for row in range(len(self)))

    @classmethod
    def joined(cls, parts: Sequence[Encoded]) -> Encoded:
        """All parts, one after the other."""
        sides = {name: Ragged.joined([part.sides[name] for part in parts]) for name in parts[0].sides}
        return cls(np.concatenate([part.vectors for part in parts]), sides)


Vectors = Any  # an (N, D) array, or the Encoded of a model that compares tokens


def joined(parts: Sequence[Vectors]) -> Vectors:
    """Parts of either kind, one after the other."""
    return Encoded.joined(parts) if isinstance(parts[0], Encoded) else np.concatenate(parts)


def stacked(rows: Sequence[Vectors]) -> Vectors:
    """Items of either kind, one by one: vectors (D,), or collections of one."""
    return Encoded.joined(rows) if isinstance(rows[0], Encoded) else np.stack(rows)
