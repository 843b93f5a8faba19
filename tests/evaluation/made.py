"""A made split and a model that knows it by heart, for tests of everything above the metric function."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.records import Record, Source

LANGUAGES = ("ase", "gsg")
WORDS = ("house", "sun", "water", "bread")


def records(splits: Sequence[str] = ("train", "test"), takes: int = 2) -> list[Record]:
    """Four words in two sign languages; the split ``train`` has a fifth one."""
    return [
        Record(
            id=f"{split}-{language}-{word}-{take}",
            split=split,
            texts=(f"<en> <{language}> {word}",),
            source=Source(Path(f"{word}.pose")),
            signer=f"signer{take}",
            sign_language=language,
            extra={"hand": "left" if take else "right"},
        )
        for split in splits
        for language in LANGUAGES
        for word in (*WORDS, *(("night",) if split == "train" else ()))
        for take in range(takes)
    ]


class MadeModel:
    """Word and language of a clip or text as a vector; ``noise`` blurs the clips."""

    def __init__(self, noise: float = 0.0) -> None:
        self.noise = noise
        self.asked: list[str] = []
        self.notes = {"fingerprint": "f00d"}

    def embed_records(self, given: Sequence[Record]) -> NDArray[np.float32]:
        clips = self._vectors([record.texts[0] for record in given])
        return (clips + self.noise * np.random.default_rng(0).standard_normal(clips.shape)).astype(np.float32)

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.asked += texts
        return self._vectors(texts)

    def score(self, video: NDArray[np.float32], text: NDArray[np.float32]) -> NDArray[np.float32]:
        return video @ text.T

    def _vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        words = [*WORDS, "night", *LANGUAGES]
        return np.array(
            [[word in text.replace("<", "").replace(">", "").split() for word in words] for text in texts], np.float32
        )
