"""Retrieval in both directions on one split: metrics with intervals, predictions, vectors.

Needs: a model with ``embed_records``, ``embed_texts`` and ``score``.
Reference: `mmpt_sign.evaluation.metrics`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from mmpt_sign.config.contracts import Evaluation
from mmpt_sign.evaluation.galleries import Block, Material, attribute, material, query_values
from mmpt_sign.evaluation.metrics import query_ranks, selection, summary
from mmpt_sign.evaluation.predictions import predictions
from mmpt_sign.evaluation.ranking import DIRECTIONS, Direction, Gallery, Mode, Ranking, pooled
from mmpt_sign.evaluation.report import Signature, metric_row, write_embeddings, write_metrics, write_predictions

if TYPE_CHECKING:
    from mmpt_sign.records import Record

Ranks = dict[Direction, Ranking]


@dataclass(frozen=True, slots=True)
class _Judged:
    """One gallery with its scores and ranks."""

    block: Block
    scores: Any
    ranks: dict[Mode, Ranks]


class Retrieval(Evaluation):
    """Which prompt belongs to a clip, and which clip to a prompt."""

    name: Literal["retrieval"] = "retrieval"
    split: str = "test"
    mode: Literal["strict", "legacy", "both"] = Field("strict", description="legacy: as the SignCLIP tables were made")
    candidates: Literal["split", "vocabulary"] = Field(
        "split", description="prompts that compete: those of the split, or of the whole data set"
    )
    gallery: Gallery = Field("video", description="a text is compared with every clip, or with groups of equal answer")
    within: str | None = Field(None, description="record attribute whose values are separate galleries: sign_language")
    per: tuple[str, ...] = Field(
        (), description="record attributes that get a table of their own: sign_language, signer"
    )
    bootstrap: int = Field(1000, ge=0, description="samples behind the 95 % intervals; 0 = none")
    resample: str = Field("query", description="what the samples draw: query, answer, or a record attribute: signer")
    seed: int = Field(0, ge=0, description="of the bootstrap")

    def run(self, model: Any, records: Sequence[Record], folder: Path) -> dict[str, float]:
        """Write ``metrics.csv``, ``predictions.csv``, ``embeddings.npz`` and a table per attribute into ``folder``."""
        given = material(records, self.split, self.candidates == "vocabulary", self.within)
        for name in {*self.per, self.resample} - {"query", "answer"}:
            attribute(given.records[0], name)  # a mistyped name is told before anything is embedded
        video = np.asarray(model.embed_records(given.records))
        text = np.asarray(model.embed_texts(list(given.prompts)))
        write_embeddings(
            folder / "embeddings.npz",
            ids=[record.id for record in given.records],
            answers=given.answers,
            video=video,
            texts=given.prompts,
            text=text,
        )
        judged = [self._judge(model, given, block, video, text) for block in given.blocks]
        main = self._modes()[0]
        rows = (predictions(given, one.block, one.scores, one.ranks[main], self.gallery) for one in judged)
        write_predictions(folder / "predictions.csv", chain.from_iterable(rows))
        found = {mode: _together(judged, mode) for mode in self._modes()}
        self._write_tables(given, found, _identity(model, folder, self.split), folder)
        return _headline(found[main])

    def _modes(self) -> tuple[Mode, ...]:
        return ("strict", "legacy") if self.mode == "both" else (self.mode,)

    def _judge(self, model: Any, given: Material, block: Block, video: Any, text: Any) -> _Judged:
        scores = np.asarray(model.score(video[block.clips], text[block.prompts]))
        clips, prompts = block.clips, block.prompts
        ranks: dict[Mode, Ranks] = {}
        for mode in self._modes():
            if mode == "legacy":  # the original knows no answers: a clip's own prompt is right, any other is wrong
                own, asked = [given.records[i].texts[0] for i in clips], [given.prompts[i] for i in prompts]
                ranks[mode] = query_ranks(scores, own, asked, mode)
            else:
                own, asked = [given.answers[i] for i in clips], [given.prompt_answers[i] for i in prompts]
                ranks[mode] = query_ranks(scores, own, asked, mode, self.gallery)
        return _Judged(block, scores, ranks)

    def _write_tables(self, given: Material, found: dict[Mode, Ranks], identity: dict[str, str], folder: Path) -> None:
        rows = [
            self._row(given, mode, direction, ranks[direction], identity)
            for mode, ranks in found.items()
            for direction in DIRECTIONS
        ]
        for name in self.per:
            parts = [
                {name: value, **self._row(given, mode, direction, ranks[direction].subset(chosen), identity)}
                for mode, ranks in found.items()
                for direction in DIRECTIONS
                for value, chosen in _by_value(query_values(given, direction, ranks[direction].query, name))
            ]
            write_metrics(folder / f"metrics_by_{name}.csv", parts, first=(name,))
        write_metrics(folder / "metrics.csv", rows)

    def _row(
        self, given: Material, mode: Mode, direction: Direction, ranking: Ranking, identity: dict[str, str]
    ) -> dict[str, Any]:
        gallery: Gallery = "video" if mode == "legacy" else self.gallery
        signature = Signature(
            split=self.split,
            direction=direction,
            mode=mode,
            candidates=self.candidates,
            gallery=gallery if direction == "text_to_video" else "text",
            within=self.within or "",
            **identity,
        )
        groups = _groups(given, direction, ranking, self.resample)
        return metric_row(signature, ranking, groups, self.bootstrap, self.seed, self.resample)


def _groups(given: Material, direction: Direction, ranking: Ranking, of: str) -> list[str] | None:
    """What the bootstrap draws together, one name per query; None: every query alone."""
    if of == "query":
        return None
    if of != "answer":
        values = query_values(given, direction, ranking.query, of)
        return [value or f"query {i}" for i, value in enumerate(values)]
    of_query = given.answers if direction == "video_to_text" else given.prompt_answers
    return [of_query[i] for i in ranking.query]


def _identity(model: Any, folder: Path, split: str) -> dict[str, str]:
    """What the numbers belong to: data set by the folder's name, similarity and checkpoint as the model tells them."""
    similarity = getattr(getattr(model, "experiment", None), "similarity", None) or {}
    notes = getattr(model, "notes", None) or {}
    return {
        "dataset": folder.name.partition(f"_{split}")[0],
        "similarity": "+".join(str(part.name) for part in similarity.values()),
        "checkpoint": str(notes.get("fingerprint", "")),
    }


def _together(judged: Sequence[_Judged], mode: Mode) -> Ranks:
    """The ranks of all galleries, their queries numbered as in the whole split."""
    parts: dict[Direction, list[Ranking]] = {direction: [] for direction in DIRECTIONS}
    for one in judged:
        numbers = {"video_to_text": one.block.clips, "text_to_video": one.block.prompts}
        for direction, ranking in one.ranks[mode].items():
            parts[direction].append(replace(ranking, query=numbers[direction][ranking.query]))
    return {direction: pooled(rankings) for direction, rankings in parts.items()}


def _by_value(values: Sequence[str | None]) -> list[tuple[str, Any]]:
    """Each value with the mask of its queries."""
    known = sorted({value for value in values if value is not None})
    return [(value, np.array([other == value for other in values])) for value in known]


def _headline(ranks: Ranks) -> dict[str, float]:
    """``video_to_text/R@1`` and so on, and the figure that chooses checkpoints."""
    results = {direction: summary(ranking) for direction, ranking in ranks.items()}
    figures = {f"{direction}/{name}": value for direction, found in results.items() for name, value in found.items()}
    return figures | {"geometric_mean": selection(results)}
