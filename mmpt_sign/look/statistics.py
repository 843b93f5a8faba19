"""All statistics of one data set, and the tables they are written to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mmpt_sign.files import write_csv, write_text
from mmpt_sign.look.clips import BINS, Look, Looks
from mmpt_sign.look.counts import (
    TALLIES,
    Row,
    concept,
    counted,
    duplicates,
    per_text,
    shared,
    split_order,
    tallies,
    tally,
)
from mmpt_sign.look.limbs import PARTS

if TYPE_CHECKING:
    from mmpt_sign.look.collection import Collection
    from mmpt_sign.records import Record

LENGTH_BINS = 40
Matrix = tuple[list[str], list[list[int]]]


@dataclass(frozen=True)
class Statistics:
    """What is known of a collection; every table is made once, when it is asked for."""

    given: Collection
    looks: Looks

    @cached_property
    def total(self) -> Row:
        """Counts of everything."""
        return tally(self.given.records, self.looks)

    @cached_property
    def splits(self) -> list[str]:
        """Splits in their usual order."""
        return split_order(record.split for record in self.given.records)

    @cached_property
    def by_set(self) -> list[Row]:
        """A row per set."""
        return tallies(self.given.records, self.looks, {"set": self.given.sets})

    @cached_property
    def by_split(self) -> list[Row]:
        """A row per set and split."""
        of = {"set": self.given.sets, "split": [record.split for record in self.given.records]}
        return tallies(self.given.records, self.looks, of, self.splits)

    @cached_property
    def by_language(self) -> list[Row]:
        """A row per sign language, text language and split."""
        records = self.given.records
        of = {
            "sign_language": [record.sign_language for record in records],
            "text_language": [record.text_language for record in records],
            "split": [record.split for record in records],
        }
        return tallies(records, self.looks, of, self.splits)

    @cached_property
    def texts(self) -> list[Row]:
        """A row per text."""
        return per_text(self.given.records)

    @cached_property
    def languages(self) -> list[Row]:
        """Clips per sign language."""
        return counted((record.sign_language for record in self.given.records), "language")

    @cached_property
    def texts_between_splits(self) -> Matrix:
        """Texts that two splits have in common."""
        return shared(self.given.records, lambda record: record.split, concept, self.splits)

    @cached_property
    def signers_between_splits(self) -> Matrix:
        """Signers that two splits have in common."""
        return shared(self.given.records, lambda record: record.split, lambda record: record.signer, self.splits)

    @cached_property
    def texts_between_languages(self) -> Matrix:
        """Texts that two sign languages have in common."""
        order = [str(row["language"]) for row in self.languages]
        return shared(self.given.records, lambda record: record.sign_language, concept, order)

    @cached_property
    def duplicates(self) -> list[Row]:
        """What occurs several times."""
        return duplicates(self.given.records, self.looks)

    @cached_property
    def clips(self) -> list[Row]:
        """A row per clip that was read."""
        return [
            _clip_row(record, of, look)
            for record, of in zip(self.given.records, self.given.sets, strict=True)
            if (look := self.looks.clips.get(record.id)) is not None
        ]

    @cached_property
    def histograms(self) -> list[Row]:
        """Lengths per split, the share of frames in which each part is seen per clip, and confidences of points."""
        rows: list[Row] = []
        of_split = {record.id: record.split for record in self.given.records}
        frames = {
            split: [n for i, (n, _) in self.looks.lengths.items() if of_split[i] == split] for split in self.splits
        }
        longest = max((n for values in frames.values() for n in values), default=1)
        step = -(-longest // LENGTH_BINS)
        edges = np.arange(0, longest + step + 1, step)
        for split, values in frames.items():
            rows += _bins("frames", split, np.histogram(values, edges)[0], edges)
        shares = np.linspace(0, 1, BINS + 1)
        for part in PARTS:
            seen = [look.seen[part] for look in self.looks.clips.values() if part in look.seen]
            if seen:
                rows += _bins("seen", part, np.histogram(seen, shares)[0], shares)
        for part, counts in self.looks.confidences.items():
            rows += _bins("confidence", part, counts, shares)
        return rows

    @cached_property
    def remarks(self) -> list[str]:
        """What a careful reader should know before training on this."""
        from mmpt_sign.look.remarks import remarks

        return list(remarks(self))


def _clip_row(record: Record, of: str, look: Look) -> Row:
    facts = {
        "id": record.id, "set": of, "split": record.split, "sign_language": record.sign_language,
        "signer": record.signer, "text": concept(record), "frames": look.frames, "fps": look.fps,
        "seconds": look.seconds, "points": look.points, "left_handed": int(look.left_handed),
    }  # fmt: skip
    seen = {f"{part}_seen": share for part, share in look.seen.items()}
    confidence = {f"{part}_confidence": mean for part, mean in look.confidence.items()}
    return {**facts, **seen, **confidence, "content": look.content}


def _bins(what: str, of: str, counts: Sequence[int] | np.ndarray, edges: np.ndarray) -> list[Row]:  # type: ignore[type-arg]
    return [
        {"what": what, "of": of, "from": float(low), "to": float(high), "count": int(count)}
        for low, high, count in zip(edges[:-1], edges[1:], counts, strict=True)
    ]


def write_tables(statistics: Statistics, folder: Path) -> list[Path]:
    """All tables as CSV; ``pose_lengths.txt`` is one number per line, as the original's scripts expect it."""
    records = {record.id: record for record in statistics.given.records}
    clip_columns = list(dict.fromkeys(column for row in statistics.clips for column in row)) or ["id"]
    unreadable = [
        {"id": name, "path": str(records[name].source.path), "problem": problem}
        for name, problem in statistics.looks.unreadable.items()
    ]
    tables: dict[str, tuple[Sequence[str], list[Row]]] = {
        "sets": (("set", *TALLIES), statistics.by_set),
        "splits": (("set", "split", *TALLIES), statistics.by_split),
        "languages": (("sign_language", "text_language", "split", *TALLIES), statistics.by_language),
        "texts": (("text", "clips", "signers", "sign_languages", "text_languages", "splits"), statistics.texts),
        "language_counts": (("language", "count"), statistics.languages),
        "concept_counts": (("text", "count"), counted(map(concept, statistics.given.records), "text")),
        "texts_between_splits": _square(statistics.texts_between_splits),
        "signers_between_splits": _square(statistics.signers_between_splits),
        "texts_between_languages": _square(statistics.texts_between_languages),
        "duplicates": (("kind", "clips", "ids", "splits", "texts"), statistics.duplicates),
        "clips": (clip_columns, statistics.clips),
        "histograms": (("what", "of", "from", "to", "count"), statistics.histograms),
        "unreadable": (("id", "path", "problem"), unreadable),
    }
    written = [write_csv(folder / f"{name}.csv", columns, rows) for name, (columns, rows) in tables.items()]
    lengths = "".join(f"{frames}\n" for frames, _ in statistics.looks.lengths.values())
    return [*written, write_text(folder / "pose_lengths.txt", lengths)]


def _square(matrix: Matrix) -> tuple[Sequence[str], list[Row]]:
    names, counts = matrix
    rows = [{"": name, **dict(zip(names, row, strict=True))} for name, row in zip(names, counts, strict=True)]
    return ("", *names), rows
