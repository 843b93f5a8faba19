"""Features as a frozen video network might give them: a fixed random view of the points, window by window."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.poses.arrays import feature_clip
from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.normalise import normalised
from mmpt_sign.poses.signer.signing import Signing
from mmpt_sign.records import Source

GAIN, LOOKS = 3.0, 0.15  # contrast of the view, and how much the looks of a person show in it


@dataclass(frozen=True)
class Appearance:
    """Row n is of the ``window`` frames from n on, as I3D at stride 1; a ``view`` is one network among many."""

    signing: Signing
    view: str
    size: int = 1024
    window: int = 16
    noise: float = 0.1

    @property
    def frames(self) -> int:
        """Rows: one per whole window, at least one."""
        return max(1, self.signing.frames - self.window + 1)

    @property
    def sources(self) -> tuple[Source, ...]:
        """It needs no files."""
        return ()

    def clip(self) -> Clip:
        """(T - window + 1, size) features as a clip."""
        clip = normalised(self.signing.clip(), "shoulders")
        points = clip.data.reshape(len(clip), -1).astype(np.float64)
        if len(points) < self.window:
            points = np.concatenate([points, np.repeat(points[-1:], self.window - len(points), 0)])
        seen = np.concatenate([points, 4 * np.gradient(points, axis=0)], 1)
        seed = (self.signing.world.seed, zlib.crc32(self.view.encode()))
        each = np.tanh(GAIN * seen @ _projection(seed, seen.shape[1], self.size))
        sums = np.cumsum(np.concatenate([np.zeros((1, self.size)), each]), 0)
        rows = (sums[self.window :] - sums[: -self.window]) / self.window
        person = np.random.default_rng((*seed, self.signing.signer, 3)).normal(size=self.size)
        take = np.random.default_rng((*seed, self.signing.signer, self.signing.take, 4, *self.signing.words))
        rows += LOOKS * person + self.noise * take.normal(size=rows.shape)
        return feature_clip(rows.astype(np.float32), clip.fps)


@lru_cache(maxsize=8)
def _projection(seed: tuple[int, int], numbers: int, size: int) -> NDArray[np.float64]:
    view: NDArray[np.float64] = np.random.default_rng((*seed, numbers)).normal(size=(numbers, size))
    view /= np.sqrt(numbers)
    return view
