"""Which candidates a model put first, query by query: the rows of ``predictions.csv``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mmpt_sign.evaluation.answers import IntArray, as_codes
from mmpt_sign.evaluation.galleries import Block, Material
from mmpt_sign.evaluation.ranking import DIRECTIONS, Direction, Gallery, Ranking
from mmpt_sign.evaluation.report import TOP
from mmpt_sign.evaluation.scores import Merge, Scores, cleaned


@dataclass(frozen=True, slots=True)
class _Candidates:
    """One line of candidates: what to print for each, and which of them count as one (by code)."""

    texts: Sequence[str]
    ids: Sequence[str]
    codes: IntArray


def predictions(
    material: Material, block: Block, scores: Scores, ranks: dict[Direction, Ranking], gallery: Gallery
) -> Iterator[dict[str, Any]]:
    """Rows of one gallery; each answer is listed once, with the prompt or take that scored best."""
    clips = [material.records[i] for i in block.clips]
    prompts = [material.prompts[i] for i in block.prompts]
    known: dict[Any, int] = {}
    texts = as_codes([material.prompt_answers[i] for i in block.prompts], known)
    videos = as_codes([material.answers[i] for i in block.clips], known)
    of_texts = _Candidates(prompts, [""] * len(prompts), texts)
    takes = videos if gallery == "group" else np.arange(len(clips))
    of_videos = _Candidates([clip.texts[0] for clip in clips], [clip.id for clip in clips], takes)
    merge = Merge(texts)
    place_of = {int(code): i for i, code in enumerate(merge.codes)}
    for direction in DIRECTIONS:
        for i, query in enumerate(ranks[direction].query.tolist()):
            if direction == "video_to_text":
                head = {"query_id": clips[query].id, "gold": clips[query].texts[0]}
                top = _top(scores[query], of_texts)
            else:
                head = {"query_id": prompts[query], "gold": prompts[query]}
                place = place_of[int(texts[query])]
                top = _top(merge.of(scores, slice(place, place + 1))[0], of_videos)
            yield {"direction": direction, **head, **_ranks(ranks[direction], i), **top}


def _ranks(ranking: Ranking, i: int) -> dict[str, Any]:
    return {
        "rank": float(ranking.rank[i]),
        "rank_optimistic": int(ranking.optimistic[i]),
        "rank_pessimistic": int(ranking.pessimistic[i]),
        "n_positives": int(ranking.positives[i]),
        "gallery_size": int(ranking.gallery[i]),
    }


def _top(row: Scores, candidates: _Candidates) -> dict[str, Any]:
    """The best candidates of one query, best first, equal scores in the order of the list."""
    found: dict[str, Any] = {}
    seen: set[int] = set()
    clean = cleaned(row)
    for i in _best_first(clean):
        code = int(candidates.codes[i])
        if code in seen:
            continue
        seen.add(code)
        place = f"top{len(seen)}"
        found[f"{place}_text"], found[f"{place}_id"] = candidates.texts[i], candidates.ids[i]
        found[f"{place}_score"] = float(row[i])
        if len(seen) == TOP:
            break
    return found


def _best_first(row: Scores) -> Iterator[int]:
    """Positions by falling score; the long tail is sorted only when it is asked for."""
    head = min(4 * TOP, len(row))
    edge = np.partition(row, len(row) - head)[len(row) - head]
    chosen = np.flatnonzero(row >= edge)
    yield from chosen[np.argsort(-row[chosen], kind="stable")].tolist()
    rest = np.flatnonzero(row < edge)
    if len(rest):
        yield from rest[np.argsort(-row[rest], kind="stable")].tolist()
