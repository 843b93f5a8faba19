"""A made collection for the tests of this room."""

from __future__ import annotations

from pathlib import Path

from mmpt_sign.look.clips import look_at_all
from mmpt_sign.look.collection import Collection, collection
from mmpt_sign.look.statistics import Statistics
from tests.corpus import make_corpus

LAYOUT = ["layout=hand_21"]


def made(folder: Path, **options: object) -> Collection:
    """Eight words, six takes, three signers; one hand of 21 points."""
    return collection(make_corpus(folder, **options), LAYOUT)  # type: ignore[arg-type]


def statistics(given: Collection, sample: int | None = None) -> Statistics:
    """Its statistics."""
    return Statistics(given, look_at_all(given.records, sample))
