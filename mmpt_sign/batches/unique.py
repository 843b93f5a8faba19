"""Batches in which no answer occurs twice, as far as the data allow: nothing is lost and nothing is repeated.

An answer with more examples than there are batches must meet itself; beyond that, equal answers are kept apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence


def spread(order: Sequence[int], answers: Sequence[str], sizes: Sequence[int]) -> list[list[int]]:
    """The examples dealt out like cards, answer by answer, so that equal answers lie in different batches.

    Dealing in turn gives batches whose sizes differ by one at most, whatever ``sizes``; only their number counts
    (full batches and a rest would force equal answers together).
    """
    turn = {answer: position for position, answer in enumerate(dict.fromkeys(answers[index] for index in order))}
    dealt = sorted(order, key=lambda index: turn[answers[index]])
    return [dealt[k :: len(sizes)] for k in range(len(sizes))]


def separated(batches: Sequence[Sequence[int]], answers: Sequence[str]) -> list[list[int]]:
    """The batches with repeated answers swapped into the nearest batches that lack them.

    So batches sorted by length stay nearly so.  If swaps leave a repetition that could be avoided, all is dealt anew.
    """
    own = [list(batch) for batch in batches]
    counts = [Counter(answers[index] for index in batch) for batch in own]
    for k, batch in enumerate(own):
        for place, index in enumerate(batch):
            if counts[k][answers[index]] > 1:
                _swap_away(own, counts, answers, k, place)
    order = [index for batch in own for index in batch]
    if repetitions(own, answers) > _unavoidable(order, answers, len(own)):
        return spread(order, answers, [len(batch) for batch in own])
    return own


def repetitions(batches: Sequence[Sequence[int]], answers: Sequence[str]) -> int:
    """Examples that meet their own answer again in their batch."""
    return sum(len(batch) - len({answers[index] for index in batch}) for batch in batches)


def _unavoidable(order: Sequence[int], answers: Sequence[str], batches: int) -> int:
    return sum(max(count - batches, 0) for count in Counter(answers[index] for index in order).values())


def _swap_away(own: list[list[int]], counts: list[Counter[str]], answers: Sequence[str], k: int, place: int) -> None:
    """Exchange one repeated example for one of another batch, if both batches gain or stay as they are."""
    index = own[k][place]
    for other in _outwards(k, len(own)):
        if counts[other][answers[index]]:
            continue
        for there, candidate in enumerate(own[other]):
            if not counts[k][answers[candidate]]:
                own[k][place], own[other][there] = candidate, index
                counts[k][answers[index]] -= 1
                counts[k][answers[candidate]] += 1
                counts[other][answers[candidate]] -= 1
                counts[other][answers[index]] += 1
                return


def _outwards(k: int, count: int) -> Iterator[int]:
    """Positions around ``k``, the nearest first."""
    for step in range(1, count):
        yield from (other for other in (k - step, k + step) if 0 <= other < count)
