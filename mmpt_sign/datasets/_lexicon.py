"""Clips of single signs and letters of whatever data sets, by split and by what they mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mmpt_sign.config.contracts import Dataset
from mmpt_sign.errors import DataError
from mmpt_sign.poses.arrays import read_source
from mmpt_sign.poses.clip import Clip, Layout
from mmpt_sign.poses.names import LEFT_HAND, RIGHT_HAND
from mmpt_sign.poses.select import point_names
from mmpt_sign.records import SPLITS, Record


class Lexicon:
    """A label of one character is a letter, any other a word; only what can be trained on counts."""

    def __init__(self, parts: Sequence[Dataset], data_root: Path | None, without: Sequence[str]) -> None:
        self.clips: dict[str, dict[str, list[Record]]] = {split: defaultdict(list) for split in SPLITS}
        self.first: list[Record] = []
        self._seen: dict[tuple[str, str], tuple[int, int]] = {}
        for part in parts:
            records = [record for record in part.records(data_root) if record.split in SPLITS]
            if not records:
                raise DataError(f"data set '{part.part_name}' has no clips in {', '.join(SPLITS)} to make sentences of")
            self.first.append(records[0])
            for record in records:
                if label(record) not in without:
                    self.clips[record.split][label(record)].append(record)

    def words(self, split: str) -> list[str]:
        """Words that have clips in the split and in train."""
        return sorted(name for name in self.clips[split] if len(name) > 1 and name in self.clips["train"])

    def letters(self, split: str) -> set[str]:
        """Letters that have clips in the split and in train."""
        return {name for name in self.clips[split] if len(name) == 1 and name in self.clips["train"]}

    def draw(self, split: str, word: str, rng: np.random.Generator) -> list[Record]:
        """A clip of the word, else one of each of its letters, these by one signer where somebody has them all."""
        clips = self.clips[split]
        signs = [clips[word]] if word in clips else [clips[letter] for letter in word]
        able = set.intersection(*({record.signer for record in sign} for sign in signs))
        if len(signs) > 1 and able:
            signer = sorted(able)[int(rng.integers(len(able)))]
            signs = [[record for record in sign if record.signer == signer] for sign in signs]
        return [sign[int(rng.integers(len(sign)))] for sign in signs]

    def points(self, selection: str | Sequence[str] | None) -> tuple[str, ...]:
        """The points that all data sets have, by name; of these what is selected."""
        layouts = [read_source(record.source).layout for record in self.first]
        both = [name for name in layouts[0].points if all(name in other.position for other in layouts[1:])]
        if not both:
            raise DataError("the data sets have no points in common, so their clips cannot be joined")
        return tuple(both) if selection is None else point_names(selection, Layout(tuple(both)))

    def signed(self, record: Record) -> tuple[int, int]:
        """First frame in which a hand is seen and the one behind the last, told by reading the clip once."""
        key = (str(record.source.path), record.id)
        if key not in self._seen:
            self._seen[key] = _signed(read_source(record.source))
        return self._seen[key]


def label(record: Record) -> str:
    """What a clip of a single sign means: the bare text that its data set was told, else its prompt without tags."""
    text = record.extra.get("text") or record.texts[0]
    while text.startswith("<") and ">" in text:
        text = text.partition(">")[2].strip()
    return text


def dealt(words: Sequence[str], names: Sequence[str], seed: int) -> Mapping[str, tuple[str, ...]]:
    """Words without a grammar of their own, dealt out to classes of equal size."""
    order = [words[k] for k in np.random.default_rng((seed, 21)).permutation(len(words))]
    return {name: tuple(order[k :: len(names)]) for k, name in enumerate(names)}


def _signed(clip: Clip) -> tuple[int, int]:
    hands = [i for hand in (LEFT_HAND, RIGHT_HAND) for i in clip.layout.components.get(hand, ())]
    seen = np.flatnonzero((clip.confidence[:, hands or slice(None)] > 0).any(1))
    return (int(seen[0]), int(seen[-1]) + 1) if len(seen) else (0, len(clip))
