"""Sentences of a made-up sign language by made-up signers: no download, and everything is known about them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field

from mmpt_sign.datasets._drawn import DrawnSentences
from mmpt_sign.datasets._grammar import draw
from mmpt_sign.datasets._made_words import PATTERNS, WORDS, people_of
from mmpt_sign.datasets._word_spans import WordSpan
from mmpt_sign.poses.signer.appearance import Appearance
from mmpt_sign.poses.signer.signing import Signing, World
from mmpt_sign.records import Record


class MadeSentences(DrawnSentences):
    """Every word is a motion of both hands that is drawn from the seed; clips are made when they are read."""

    name: Literal["made_sentences"] = "made_sentences"
    patterns: tuple[str, ...] = PATTERNS
    words: dict[str, tuple[str, ...]] = Field(default_factory=lambda: dict(WORDS), description="classes of words")
    signers: int = Field(12, ge=3, description="people; takes of a sentence are by different ones")
    signers_apart: bool = Field(False, description="nobody is in two splits; otherwise everybody is in all")
    noise: float = Field(0.01, ge=0, le=0.2, description="error of points, in shoulder widths")
    missing: float = Field(0.1, ge=0, le=1, description="how often a hand is lost for some frames of a clip")
    speed: float = Field(1.0, gt=0.2, lt=5)
    transition: tuple[int, int] = Field((4, 8), description="least and most frames from one word to the next")
    accent: float = Field(0.05, ge=0, le=0.5, description="differences between people and between takes")
    features: tuple[str, ...] = Field((), description="further streams with features, such as [rgb]: a view each")
    feature_size: int = Field(1024, ge=1)
    feature_window: int = Field(16, ge=1, description="frames that one vector is of, at stride 1")

    def records(self, data_root: Path | None) -> Sequence[Record]:
        """All takes of all sentences."""
        number = {word: n for n, word in enumerate(dict.fromkeys(w for words in self.words.values() for w in words))}
        world = World(self.seed, self.noise, self.missing, self.speed, self.transition, self.accent)
        counts = self.sentences.model_dump()
        found = []
        for split, sentences in draw(self.patterns, dict.fromkeys(counts, self.words), counts, self.seed).items():
            people = people_of(split, self.signers, self.signers_apart)
            rng = np.random.default_rng((self.seed, len(people), 11))
            for n, sentence in enumerate(sentences):
                order, words = rng.permutation(people), tuple(number[word] for word in sentence.words)
                for take in range(getattr(self.takes, split)):
                    made = Signing(world, words, int(order[take % len(order)]), take)
                    spans = [WordSpan(w, *at) for w, at in zip(sentence.words, made.spans()[0], strict=True)]
                    views = {
                        name: Appearance(made, name, self.feature_size, self.feature_window) for name in self.features
                    }
                    name, signer = f"{split}_{n:05d}_{take}", f"signer{made.signer}"
                    found.append(self.record(name, split, sentence, made, spans, signer=signer, sources=views))
        return found
