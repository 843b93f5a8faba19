"""Which frames of a clip are which word: kept in a record's ``extra``, so that it survives stores and tables."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from mmpt_sign.errors import DataError
from mmpt_sign.records import Record

KEY, LETTERS = "spans", "letters"


@dataclass(frozen=True)
class WordSpan:
    """A word as it stands in the text, its first frame and the one behind its last."""

    word: str
    start: int
    end: int


def written(spans: Iterable[WordSpan]) -> str:
    """``[["house", 12, 30], …]``."""
    return json.dumps([[span.word, span.start, span.end] for span in spans], ensure_ascii=False)


def word_spans(record: Record, key: str = KEY) -> tuple[WordSpan, ...]:
    """The spans of a record in the order of signing, empty where none are known; ``letters`` asks for letters."""
    given = record.extra.get(key)
    if not given:
        return ()
    try:
        return tuple(WordSpan(str(word), int(start), int(end)) for word, start, end in json.loads(given))
    except (ValueError, TypeError) as error:
        raise DataError(f"{record.id}: its {key} are no list of word, first frame, last frame ({error})") from error
