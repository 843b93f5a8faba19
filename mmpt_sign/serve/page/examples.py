"""Clips to try: a few letters of the manual alphabets in the pip package ``spoken-to-signed``, where it is installed.

They are served from where that package has them; nothing of it is copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mmpt_sign.errors import MmptSignError

CHOSEN = ("ase_B", "ase_L", "ase_Y", "gsg_C")


@dataclass(frozen=True, slots=True)
class Example:
    """A clip and what it is called."""

    title: str
    path: Path


@cache
def examples() -> dict[str, Example]:
    """By id; none where the package is not installed."""
    from mmpt_sign.datasets.fingerspelling_lexicon import FingerspellingLexicon
    from mmpt_sign.text.tags import sign_language_name

    try:
        records = {record.id: record for record in FingerspellingLexicon().records(None)}
    except MmptSignError:
        return {}
    found = [records[name] for name in CHOSEN if name in records]
    return {
        r.id: Example(f"{r.extra['text']} in {sign_language_name(r.sign_language)}", r.source.path)
        for r in found
        if r.source.path.suffix == ".pose"
    }
