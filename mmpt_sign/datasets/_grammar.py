"""Small grammars that sentences are drawn from.

A pattern is a sentence with slots, then behind a bar the slots in the order in which they are signed:
``the {person} {verb} {thing} {time} | time person thing verb``.  Without the bar they are signed in the order of the
text.  A slot names a class of words; a number behind it (``{person2}``) asks for another word of the class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter

import numpy as np

from mmpt_sign.errors import DataError

ORDER = ("test", "valid", "train")
TRIES = 60  # draws per wanted sentence before a grammar counts as exhausted
Classes = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Sentence:
    """A text, and its signed words in the order of signing, written as in the text."""

    text: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class Pattern:
    """One kind of sentence."""

    text: str
    signed: tuple[str, ...]

    @classmethod
    def parse(cls, written: str) -> Pattern:
        """From its form in YAML; ValueError says what is wrong."""
        text, bar, order = (part.strip() for part in written.partition("|"))
        slots = [str(name) for _, name, _, _ in Formatter().parse(text) if name is not None]
        signed = tuple(order.split()) if bar else tuple(slots)
        if not slots or len(set(slots)) < len(slots):
            raise ValueError(f"pattern '{written}': slots are needed, each of them once")
        if not signed or not set(signed) <= set(slots):
            raise ValueError(f"pattern '{written}': signs {order or 'nothing'}, its slots are {', '.join(slots)}")
        return cls(text, signed)

    @property
    def slots(self) -> list[str]:
        """All slots, in the order of the text."""
        return [str(name) for _, name, _, _ in Formatter().parse(self.text) if name is not None]

    def possible(self, classes: Classes) -> bool:
        """Whether there are words for every slot."""
        needed = [class_of(slot) for slot in self.slots]
        return all(len(classes.get(name, ())) >= needed.count(name) for name in needed)

    def draw(self, classes: Classes, rng: np.random.Generator) -> Sentence:
        """A sentence without repeated words."""
        words: dict[str, str] = {}
        for slot in self.slots:
            free = [word for word in classes[class_of(slot)] if word not in words.values()]
            words[slot] = free[int(rng.integers(len(free)))]
        return Sentence(self.text.format(**words), tuple(words[slot] for slot in self.signed))


def class_of(slot: str) -> str:
    """``person2`` -> ``person``."""
    return slot.rstrip("0123456789")


def draw(
    patterns: Sequence[str], classes: Mapping[str, Classes], counts: Mapping[str, int], seed: int
) -> dict[str, list[Sentence]]:
    """So many sentences for every split from the classes of words it has; no text occurs twice in all splits.

    What is drawn for testing and validation does not depend on how much there is to train on.
    """
    parsed = [Pattern.parse(pattern) for pattern in patterns]
    taken: set[str] = set()
    found: dict[str, list[Sentence]] = {}
    for number, split in enumerate(ORDER):
        rng = np.random.default_rng((seed, number))
        known = [pattern for pattern in parsed if pattern.possible(classes[split])]
        found[split] = _distinct(known, classes[split], counts[split], rng, taken)
        if len(found[split]) < counts[split]:
            raise DataError(
                f"the grammar gives only {len(found[split])} of {counts[split]} distinct sentences for '{split}' "
                f"({len(known)} of {len(parsed)} patterns have words there); ask for fewer, or give more words"
            )
    return {split: found[split] for split in counts}


def _distinct(
    patterns: Sequence[Pattern], classes: Classes, count: int, rng: np.random.Generator, taken: set[str]
) -> list[Sentence]:
    found: list[Sentence] = []
    for _ in range(TRIES * count if patterns else 0):
        if len(found) == count:
            break
        sentence = patterns[int(rng.integers(len(patterns)))].draw(classes, rng)
        if sentence.text not in taken:
            taken.add(sentence.text)
            found.append(sentence)
    return found
