"""Which clips and which texts mean the same: answers as small integers, and answers that share a text made one."""

from __future__ import annotations

import unicodedata
from collections.abc import Hashable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError

if TYPE_CHECKING:
    from mmpt_sign.records import Record

IntArray = NDArray[np.int64]


def as_codes(answers: Iterable[Any], known: dict[Hashable, int]) -> IntArray:
    """A number for each answer, equal for equal answers; ``known`` is filled on the way.

    Arrays and tensors are turned into plain values first, because the elements of a tensor never equal each other.
    """
    plain = answers.tolist() if hasattr(answers, "tolist") else list(answers)
    try:
        return np.array([known.setdefault(answer, len(known)) for answer in plain], np.int64)
    except TypeError as error:
        raise DataError(f"an answer must be hashable, such as a string or a number: {error}") from error


def normalised(text: str) -> str:
    """The text as it is compared: NFC, single spaces, no letter case."""
    return " ".join(unicodedata.normalize("NFC", text).split()).casefold()


def joined_answers(records: Sequence[Record]) -> dict[str, str]:
    """Each record's answer -> the first of the answers that are told apart by no text.

    Two groups with an equal text cannot be told apart by a text query, so both are right.  Without this a model is
    punished for finding the second one.
    """
    parent: dict[str, str] = {}
    of_text: dict[str, str] = {}

    def root(answer: str) -> str:
        while (above := parent.setdefault(answer, answer)) != answer:
            parent[answer] = parent[above]
            answer = above
        return answer

    for record in records:
        answer = root(record.answer)
        for text in record.texts:
            other = root(of_text.setdefault(normalised(text), answer))
            if other != answer:
                parent[answer] = answer = other
    return {answer: root(answer) for answer in parent}
