"""Words one after the other by one body: a clip that is made when it is read, and when each of its words is signed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.signer.body import Body, body
from mmpt_sign.poses.signer.words import PLACE, REST, Motion, word
from mmpt_sign.records import Source

SMOOTHED = np.array([1, 2, 3, 2, 1]) / 9  # neighbouring frames pull at each other, so that words blend


@dataclass(frozen=True)
class World:
    """What all clips of a made corpus have in common; equal worlds have equal words and people."""

    seed: int = 1
    noise: float = 0.01
    missing: float = 0.1
    speed: float = 1.0
    transition: tuple[int, int] = (4, 8)
    accent: float = 0.05


@dataclass(frozen=True)
class Signing:
    """A sentence (words by number) as one person signs it once."""

    world: World
    words: tuple[int, ...]
    signer: int
    take: int

    @property
    def frames(self) -> int:
        """Length of the clip."""
        return self.spans()[1]

    @property
    def sources(self) -> tuple[Source, ...]:
        """It needs no files."""
        return ()

    @property
    def body(self) -> Body:
        """Who signs."""
        return body(self.world.seed, self.signer)

    def spans(self) -> tuple[tuple[tuple[int, int], ...], int]:
        """First frame and the one behind the last of each word, and the frames of the whole clip."""
        rng, at, found = self._random(0), 0, []
        pace = self.world.speed * self.body.speed
        for number in self.words:
            at += self._pause(rng, pace)
            frames = max(4, round(word(self.world.seed, number).frames * rng.uniform(0.85, 1.15) / pace))
            found.append((at, at + frames))
            at += frames
        return tuple(found), at + self._pause(rng, pace)

    def clip(self) -> Clip:
        """From rest to rest through all words."""
        return self.body.clip(self.motion(), self._random(2), self.world.noise, self.world.missing)

    def motion(self) -> Motion:
        """What the hands do, transitions and coarticulation included."""
        (spans, frames), rng = self.spans(), self._random(1)
        hands = np.tile(REST, (frames, 2, 1))
        for (first, last), number in zip(spans, self.words, strict=True):
            said = word(self.world.seed, number).motion(last - first)
            said = said + self._accent(number)
            said[..., PLACE] += self.world.accent * rng.normal(size=3)
            hands[first:last] = said
        edges = [0, *(edge for span in spans for edge in span), frames]
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            _bridge(hands, first, last)
        padded = np.pad(hands, ((2, 2), (0, 0), (0, 0)), mode="edge")
        blended: Motion = np.stack([padded[k : k + frames] * share for k, share in enumerate(SMOOTHED)]).sum(0)
        return blended

    def _accent(self, number: int) -> NDArray[np.float64]:
        """How this person differs from others in this word, the same each time."""
        rng = np.random.default_rng((self.world.seed, self.signer, number, 5))
        return self.world.accent * rng.normal(size=REST.shape) * np.where(np.arange(len(REST)) < 3, 1, 2)

    def _pause(self, rng: np.random.Generator, pace: float) -> int:
        low, high = self.world.transition
        return max(1, round(int(rng.integers(low, high + 1)) / pace))

    def _random(self, purpose: int) -> np.random.Generator:
        return np.random.default_rng((self.world.seed, self.signer, self.take, purpose, *self.words))


def _bridge(hands: Motion, first: int, last: int) -> None:
    """Frames between two words, or between a word and rest: a smooth way from one to the other."""
    before = hands[first - 1] if first else np.tile(REST, (2, 1))
    after = hands[last] if last < len(hands) else np.tile(REST, (2, 1))
    time = np.arange(1, last - first + 1) / (last - first + 1)
    hands[first:last] = before + ((1 - np.cos(np.pi * time)) / 2)[:, None, None] * (after - before)
