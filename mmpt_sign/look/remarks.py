"""Sentences about a data set that a careful reader should know before training on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from mmpt_sign.look.limbs import PARTS

if TYPE_CHECKING:
    from mmpt_sign.look.statistics import Matrix, Statistics

HARDLY_SEEN = 0.5
JUDGED = ("valid", "test")


def remarks(statistics: Statistics) -> Iterator[str]:
    """Most serious first."""
    yield from _twice(statistics)
    yield from _both(statistics.signers_between_splits, "signers", "; results are not for unseen people")
    yield from _unseen_texts(statistics)
    yield from _clips(statistics)


def _twice(statistics: Statistics) -> Iterator[str]:
    for kind, text in (
        ("id", "ids occur several times"),
        ("source", "groups of records point at the same frames"),
        ("content", "groups of clips hold exactly the same numbers"),
    ):
        found = [row for row in statistics.duplicates if row["kind"] == kind]
        apart = sum(len(str(row["splits"]).split()) > 1 for row in found)
        if found:
            yield f"{len(found)} {text}" + (f", {apart} of them in different splits" if apart else "")


def _both(matrix: Matrix, what: str, hence: str) -> Iterator[str]:
    """Each split that is judged against train."""
    names, counts = matrix
    for judged in JUDGED:
        if "train" in names and judged in names:
            row = counts[names.index(judged)]
            both, own = row[names.index("train")], row[names.index(judged)]
            if both:
                yield f"{both} of the {own} {what} of {judged} are in train too{hence}"


def _unseen_texts(statistics: Statistics) -> Iterator[str]:
    names, counts = statistics.texts_between_splits
    for judged in JUDGED:
        if "train" in names and judged in names:
            row = counts[names.index(judged)]
            unseen = row[names.index(judged)] - row[names.index("train")]
            if unseen:
                yield f"{unseen} of the {row[names.index(judged)]} texts of {judged} do not occur in train"


def _clips(statistics: Statistics) -> Iterator[str]:
    looks, clips = statistics.looks, statistics.looks.clips.values()
    if looks.unreadable:
        yield f"{len(looks.unreadable)} of {len(statistics.given.records)} clips cannot be read; see unreadable.csv"
    left = sum(look.left_handed for look in clips)
    if left:
        share = f"{left} of {len(clips)} clips ({left / len(clips):.0%})"
        yield f"the left hand leads in {share}; flip: left_handed mirrors them"
    for part in PARTS:
        seen = [look.seen[part] for look in clips if part in look.seen]
        rarely = sum(share < HARDLY_SEEN for share in seen)
        if part != "other" and rarely:
            yield f"{part.replace('_', ' ')}: seen in less than half of the frames of {rarely} of {len(seen)} clips"
    rates = sorted({round(fps, 2) for _, fps in looks.lengths.values()})
    if len(rates) > 1:
        yield f"{len(rates)} frame rates, {rates[0]:g} to {rates[-1]:g}; the key fps of a stream brings them to one"
