"""Words of a made-up sign language: what two hands do over time, before any body does it.

A hand in a frame is twelve numbers: its place (x towards its own side of the body, y down, z towards the camera, in
shoulder widths from the middle between the shoulders), three angles, how far each finger is bent, and how far the
fingers are spread.  The first hand is the dominant one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Motion = NDArray[np.float64]  # (T, 2 hands, 12)

PLACE, TURN, FINGERS, SPREAD = slice(0, 3), slice(3, 6), slice(6, 11), 11
NUMBERS = 12
REST = np.array([0.45, 1.45, 0.05, 0.0, 0.0, 0.2, 0.35, 0.35, 0.35, 0.35, 0.35, 0.2])
LOWEST, HIGHEST = np.array([-0.15, -0.55, 0.2]), np.array([0.85, 0.95, 0.6])  # where hands sign
SHORTEST, LONGEST = 9, 18  # frames of a word at usual speed

Path = Literal["line", "arc", "circle", "repeated", "none"]
Other = Literal["rests", "mirrors", "alternates", "holds"]


@dataclass(frozen=True, eq=False)
class Word:
    """One entry of the vocabulary; ``begin`` and ``end`` are hands of twelve numbers."""

    frames: int
    path: Path
    bend: NDArray[np.float64]
    begin: NDArray[np.float64]
    end: NDArray[np.float64]
    other: Other
    other_hand: NDArray[np.float64]

    def motion(self, frames: int) -> Motion:
        """The word in so many frames."""
        time = np.linspace(0, 1, frames)
        first = self._hand(time)
        if self.other == "mirrors":
            second = first
        elif self.other == "alternates":
            second = self._hand((time + 0.5) % 1)
        else:
            second = np.tile(REST if self.other == "rests" else self.other_hand, (frames, 1))
        return np.stack([first, second], 1)

    def _hand(self, time: NDArray[np.float64]) -> NDArray[np.float64]:
        """(T, 12) of the dominant hand; a repeated movement goes forth and back twice."""
        far = (1 - np.cos((4 if self.path == "repeated" else 1) * np.pi * time)) / 2
        hand: NDArray[np.float64] = self.begin + far[:, None] * (self.end - self.begin)
        if self.path == "arc":
            hand[:, PLACE] += np.sin(np.pi * time)[:, None] * self.bend
        elif self.path == "circle":
            angle = 2 * np.pi * time
            around = np.cross(self.bend, self.end[PLACE] - self.begin[PLACE])
            hand[:, PLACE] = self.begin[PLACE] + np.sin(angle)[:, None] * self.bend
            hand[:, PLACE] += (1 - np.cos(angle))[:, None] * around
        return hand


@lru_cache(maxsize=4096)
def word(language: int, number: int) -> Word:
    """The word ``number`` of the made-up language ``language``: the same wherever it is asked for."""
    rng = np.random.default_rng((language, number))
    begin = _hand(rng)
    end = begin.copy()
    path: Path = rng.choice(["line", "arc", "circle", "repeated", "none"], p=[0.3, 0.2, 0.2, 0.2, 0.1])
    if path != "none":
        step = rng.normal(size=3) * (1, 1, 0.5)
        step *= rng.uniform(0.3, 0.7) / np.linalg.norm(step)
        end[PLACE] = np.clip(begin[PLACE] + step, LOWEST, HIGHEST)
    if path == "none" or rng.random() < 0.45:
        end[FINGERS] = _shape(rng)
    if path == "none" or rng.random() < 0.45:
        end[TURN] = _turn(rng)
    bend = rng.normal(size=3) * (0.25, 0.25, 0.1)
    other: Other = rng.choice(["rests", "mirrors", "alternates", "holds"], p=[0.45, 0.25, 0.1, 0.2])
    return Word(int(rng.integers(SHORTEST, LONGEST + 1)), path, bend, begin, end, other, _hand(rng))


def _hand(rng: np.random.Generator) -> NDArray[np.float64]:
    return np.concatenate([rng.uniform(LOWEST, HIGHEST), _turn(rng), _shape(rng), [rng.uniform(0, 1)]])


def _turn(rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.uniform(-1, 1, 3) * (0.9, 1.2, 1.4)


def _shape(rng: np.random.Generator) -> NDArray[np.float64]:
    """Fingers are mostly straight or bent, sometimes halfway."""
    return rng.choice([0.0, 0.5, 1.0], 5, p=[0.42, 0.16, 0.42])
