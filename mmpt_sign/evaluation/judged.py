"""One split of a data set after a model has scored it: ranks of all galleries, and what the bootstrap draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mmpt_sign.evaluation.galleries import Block, Material, query_values
from mmpt_sign.evaluation.metrics import query_ranks, selection, summary
from mmpt_sign.evaluation.ranking import DIRECTIONS, Direction, Gallery, Mode, Ranking, pooled
from mmpt_sign.evaluation.scores import Scores

Ranks = dict[Direction, Ranking]
Way = tuple[Mode, Gallery]  # how ranks are counted, and what a text is compared with


@dataclass(frozen=True, slots=True)
class Judged:
    """One gallery with its scores and ranks."""

    block: Block
    scores: Scores
    ranks: Mapping[Way, Ranks]


def judged(given: Material, block: Block, scores: Scores, ways: Sequence[Way]) -> Judged:
    """The ranks of one gallery."""
    clips, prompts = block.clips, block.prompts
    ranks: dict[Way, Ranks] = {}
    for mode, gallery in ways:
        if mode == "legacy":  # the original knows no answers: a clip's own prompt is right, any other is wrong
            own, asked = [given.records[i].texts[0] for i in clips], [given.prompts[i] for i in prompts]
            ranks[mode, gallery] = query_ranks(scores, own, asked, mode)
        elif mode == "cico":
            ranks[mode, gallery] = _of_groups(given, block, scores)
        else:
            own, asked = [given.answers[i] for i in clips], [given.prompt_answers[i] for i in prompts]
            ranks[mode, gallery] = query_ranks(scores, own, asked, mode, gallery)
    return Judged(block, scores, ranks)


def _of_groups(given: Material, block: Block, scores: Scores) -> Ranks:
    """Groups as the data set has them, each with the text of its first take, although other groups may share it."""
    column_of = {given.prompts[i]: column for column, i in enumerate(block.prompts)}
    takes = [given.records[i] for i in block.clips]
    first = {take.answer: take for take in reversed(takes)}
    groups = list(dict.fromkeys(take.answer for take in takes))
    columns = np.array([column_of[first[group].texts[0]] for group in groups])
    found = query_ranks(scores[:, columns], [take.answer for take in takes], groups, "cico", "group")
    asked = found["text_to_video"]
    return {**found, "text_to_video": replace(asked, query=columns[asked.query])}


def together(parts: Sequence[Judged], way: Way) -> Ranks:
    """The ranks of all galleries, their queries numbered as in the whole split."""
    found: dict[Direction, list[Ranking]] = {direction: [] for direction in DIRECTIONS}
    for one in parts:
        numbers = {"video_to_text": one.block.clips, "text_to_video": one.block.prompts}
        for direction, ranking in one.ranks[way].items():
            found[direction].append(replace(ranking, query=numbers[direction][ranking.query]))
    return {direction: pooled(rankings) for direction, rankings in found.items()}


def drawn_together(given: Material, direction: Direction, ranking: Ranking, of: str) -> list[str] | None:
    """What the bootstrap draws together, one name per query; None: every query alone."""
    if of == "query":
        return None
    values = query_values(given, direction, ranking.query, of)
    return [value or f"query {i}" for i, value in enumerate(values)]


def by_value(values: Sequence[str | None]) -> list[tuple[str, Any]]:
    """Each value with the mask of its queries."""
    known = sorted({value for value in values if value is not None})
    column = np.array([value if value is not None else "" for value in values], object)
    there = np.array([value is not None for value in values])
    return [(value, there & (column == value)) for value in known]


def headline(ranks: Ranks) -> dict[str, float]:
    """``video_to_text/R@1`` and so on, and the figure that chooses checkpoints."""
    results = {direction: summary(ranking) for direction, ranking in ranks.items()}
    figures = {f"{direction}/{name}": value for direction, found in results.items() for name, value in found.items()}
    return figures | {"geometric_mean": selection(results)}
