"""Which answers are one in training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmpt_sign.records import Record


def answer_numbers(records: Sequence[Record]) -> dict[str, int]:
    """A number for each answer, by first appearance; answers are joined by a prompt that a clip has among several.

    Of several prompts a batch shows the one that was drawn.  Another one, brought along by a clip of another answer,
    would be trained as wrong although it is the clip's own, and evaluation counts it as right.  A clip's only prompt is
    always shown, so it joins nothing.  Unlike in evaluation letter case counts, as it does where prompts are merged.
    """
    among_several = {text for record in records if len(record.texts) > 1 for text in record.texts}
    joined = {record.answer: [record.answer] for record in records}
    first: dict[str, str] = {}
    for record in records:
        for text in among_several.intersection(record.texts):
            less, more = sorted((joined[first.setdefault(text, record.answer)], joined[record.answer]), key=len)
            if less is not more:
                more += less
                joined.update(dict.fromkeys(less, more))
    numbers: dict[int, int] = {}
    return {answer: numbers.setdefault(id(group), len(numbers)) for answer, group in joined.items()}
