"""The pictures of a sign as a stream: windows of pixels for a video network that is trained with the rest."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mmpt_sign.config.contracts import Stream
from mmpt_sign.errors import DataError
from mmpt_sign.features.networks.i3d import SEEN, middle
from mmpt_sign.poses.clip import Clip, FloatArray, Layout

STORED = 256
Pixels = NDArray[np.float32]


class Pictures(Stream):
    """One way from a decoded frame to the network, the same as in extraction: the middle seven eighths, -0.5 … 0.5."""

    kind: Literal["pictures"] = "pictures"
    max_frames: int = Field(16, ge=2, description="frames of a window; a shorter clip repeats its last one")
    pixels: int = Field(SEEN, ge=32, le=256, description="side of the square that the network sees")
    raw: bool = Field(False, description="whole pictures in 0 … 1, as CiCo trains, though not as it extracts")
    mirror: float = Field(0.5, ge=0, le=1, description="how often a clip is mirrored in training")
    zoom: float = Field(0.1, ge=0, lt=0.5, description="largest change of size in training")
    shift: float = Field(0.06, ge=0, lt=0.5, description="largest shift in training, as a share of the picture")
    brightness: float = Field(0.2, ge=0, lt=1, description="largest change of each colour in training")

    def fixed_to(self, layout: Layout) -> Pictures:
        """Pictures have no points to fix."""
        return self

    @property
    def width(self) -> int:
        """Numbers of a frame."""
        return 3 * self.pixels * self.pixels

    def prepare(self, clip: Clip) -> Clip:
        """The clip, once it is known to be one of pictures."""
        if clip.data.shape[1:] != (1, 3 * STORED * STORED):
            raise DataError(f"the stream reads videos, the clip holds {clip.data.shape[1]} points")
        return clip

    def encode(self, clip: Clip, rng: np.random.Generator | None = None) -> FloatArray:
        """(T, 3 * pixels * pixels), at least a window long; with ``rng`` as another camera might have seen it."""
        import torch

        pictures = clip.data.reshape(-1, STORED, STORED, 3)
        size, offset, colour = 1.0, (0.0, 0.0), np.ones(3, np.float32)
        is_mirrored = False
        if rng is not None:
            is_mirrored = bool(rng.random() < self.mirror)
            size = float(rng.uniform(1 - self.zoom, 1 + self.zoom))
            offset = tuple(rng.uniform(-self.shift, self.shift, 2))
            colour = rng.uniform(1 - self.brightness, 1 + self.brightness, 3).astype(np.float32)
        share = size * (1 - 1 / self.pixels if self.raw else 7 / 8)
        planes = middle(torch.from_numpy(pictures), self.pixels, share, offset)
        seen: Pixels = planes.numpy() * colour[:, None, None]
        seen = seen[..., ::-1] if is_mirrored else seen
        return self._window(np.clip(seen, 0, 1) - (0.0 if self.raw else 0.5))

    def _window(self, frames: NDArray[Any]) -> FloatArray:
        missing = max(self.max_frames - len(frames), 0)
        filled = np.concatenate([frames, np.repeat(frames[-1:], missing, 0)])
        return np.ascontiguousarray(filled.reshape(len(filled), -1), np.float32)
