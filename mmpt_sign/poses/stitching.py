"""Clips of single signs in a row as one clip, the ways between them interpolated."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from mmpt_sign.errors import DataError
from mmpt_sign.poses.arrays import read_source
from mmpt_sign.poses.clip import Clip, FloatArray, layout_of
from mmpt_sign.poses.normalise import in_one_unit, normalised
from mmpt_sign.poses.resample import evenly
from mmpt_sign.records import Source

Place = Literal["hands", "shoulders", "none"]


@dataclass(frozen=True)
class Piece:
    """One sign: ``frames`` frames taken evenly from ``first`` to ``last`` (excluded), ``before`` more lead to it."""

    source: Source
    first: int
    last: int
    frames: int
    before: int = 0


@dataclass(frozen=True)
class Stitched:
    """Pieces one after the other, all with the same points, each brought to one place and size (``place``)."""

    pieces: tuple[Piece, ...]
    points: tuple[str, ...]
    place: Place = "hands"
    fps: float = 25.0

    @property
    def frames(self) -> int:
        """Length of the clip."""
        return sum(piece.before + piece.frames for piece in self.pieces)

    @property
    def sources(self) -> tuple[Source, ...]:
        """The clips of the pieces."""
        return tuple(piece.source for piece in self.pieces)

    def spans(self) -> tuple[tuple[int, int], ...]:
        """First frame and the one behind the last of each piece."""
        at, found = 0, []
        for piece in self.pieces:
            found.append((at + piece.before, at + piece.before + piece.frames))
            at = found[-1][1]
        return tuple(found)

    def clip(self) -> Clip:
        """Read the pieces and join them."""
        clips = [self._fitted(piece) for piece in self.pieces]
        dims = min(clip.data.shape[-1] for clip in clips)
        parts = [clips[0].data[..., :dims]]
        seen = [clips[0].confidence]
        for (before, after), piece in zip(pairwise(clips), self.pieces[1:], strict=True):
            between, sure = _way(before, after, piece.before, dims)
            parts += [between, after.data[..., :dims]]
            seen += [sure, after.confidence]
        return Clip(np.concatenate(parts), np.concatenate(seen), layout_of(self.points), self.fps)

    def _fitted(self, piece: Piece) -> Clip:
        clip = in_one_unit(read_source(piece.source))
        if len(clip) < piece.last:
            raise DataError(f"{piece.source.path}: has {len(clip)} frames, not the {piece.last} it had when listed")
        clip = normalised(clip.frames(piece.first, piece.last), self.place)
        return evenly(clip.take(self.points), piece.frames)


def _way(before: Clip, after: Clip, frames: int, dims: int) -> tuple[FloatArray, FloatArray]:
    """From the last frame of one clip to the first of the next; a point that one of them lacks is missing."""
    part = (np.arange(1, frames + 1, dtype=np.float32) / np.float32(frames + 1))[:, None]
    sure = np.minimum(before.confidence[-1], after.confidence[0])
    start, end = before.data[-1, :, :dims], after.data[0, :, :dims]
    way = (start + part[..., None] * (end - start)) * (sure > 0)[None, :, None]
    return way.astype(np.float32), np.repeat(sure[None], frames, 0)
