"""Retrieval in both directions on one split: metrics with intervals, predictions, vectors, pictures.

Needs: a model with ``embed_records``, ``embed_texts`` and ``score``.
Reference: `mmpt_sign.evaluation.metrics`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.confusions import Pair, draw_confusions, watched, write_confusions
from mmpt_sign.evaluation.galleries import Block, Material, attribute, material, query_values
from mmpt_sign.evaluation.judged import Judged, Ranks, Way, by_value, drawn_together, headline, judged, together
from mmpt_sign.evaluation.maps import Method, chosen, flat
from mmpt_sign.evaluation.plots import bars, draw, recall_curve, scatter
from mmpt_sign.evaluation.predictions import predictions
from mmpt_sign.evaluation.prompts import averaged, averaged_columns, meaning, read_list, with_prompts
from mmpt_sign.evaluation.ranking import DIRECTIONS, Direction, Gallery, Mode, Ranking
from mmpt_sign.evaluation.report import Signature, metric_row, write_embeddings, write_metrics, write_predictions
from mmpt_sign.evaluation.scores import encoded_records, encoded_texts, score_matrix
from mmpt_sign.evaluation.tasks._task import Task, identity
from mmpt_sign.text.prompt import Prompts

if TYPE_CHECKING:
    from mmpt_sign.records import Record


Found = dict[tuple[str, Way], Ranks]  # by the similarity's name, empty for the first one, and the way of counting


def _a_list(path: Path) -> Path:
    if path.suffix != ".txt":
        raise ValueError(f"'{path}' is neither split nor vocabulary nor a .txt file with one prompt per line")
    return path


class Retrieval(Task):
    """Which prompt belongs to a clip, and which clip to a prompt."""

    name: Literal["retrieval"] = "retrieval"
    mode: Literal["strict", "legacy", "cico", "both"] | tuple[Mode, ...] = Field(
        "strict",
        description="legacy: as the SignCLIP tables were made; cico: as those of sentence retrieval; both: strict and "
        "legacy; or a list",
    )
    candidates: Literal["split", "vocabulary"] | Annotated[Path, AfterValidator(_a_list)] = Field(
        "split", description="prompts that compete: of the split, of the whole data set, or of a .txt file"
    )
    queries: Literal["all", "seen", "unseen"] = Field(
        "all", description="only clips whose meaning is, or is not, in the training split"
    )
    seen: tuple[str, ...] | None = Field(
        None, description="meanings that training saw; default: those of the experiment's training split"
    )
    templates: Prompts | None = Field(None, description="render the prompts with these instead of the data set's own")
    ensemble: Literal["best", "mean"] = Field(
        "best", description="an answer with several prompts scores the best of them, or their mean vector"
    )
    gallery: Literal["video", "group", "both"] = Field(
        "video", description="a text is compared with every clip, or with groups of equal answer, or a row for each"
    )
    similarities: Literal["first", "all"] = Field(
        "first", description="all: also rows for the model's further similarities with text, such as pose_text"
    )
    within: str | None = Field(None, description="record attribute whose values are separate galleries: sign_language")
    per: tuple[str, ...] = Field(
        (), description="record attributes that get a table of their own: sign_language, signer; or answer"
    )
    bootstrap: int = Field(1000, ge=0, description="samples behind the 95 % intervals; 0 = none")
    resample: str = Field("query", description="what the samples draw: query, answer, or a record attribute: signer")
    seed: int = Field(0, ge=0, description="of the bootstrap and of the map")
    confusion: bool = Field(False, description="also write which answer is taken for which")
    map: Method | None = Field(None, description="also draw the clips as a map: auto, umap, tsne, pca")
    map_by: str = Field("sign_language", description="what colours the map: answer, or a record attribute")

    @model_validator(mode="after")
    def _listed_prompts_have_no_place(self) -> Retrieval:
        if self.within is not None and isinstance(self.candidates, Path):
            raise ValueError("the prompts of a list belong to no record, so candidates from a file exclude within")
        if "cico" in self._modes() and self.candidates != "split":
            raise ValueError("mode cico ranks the groups of the split, so candidates must be split")
        return self

    def judge(self, model: Any, records: Sequence[Record], folder: Path) -> dict[str, float]:
        """Write ``metrics.csv``, ``predictions.csv``, ``embeddings.npz`` and a table per attribute into ``folder``."""
        given = self.material(records)
        for name in {*self.per, self.resample, *([self.map_by] if self.map else [])} - {"query", "answer"}:
            attribute(given.records[0], name)  # a mistyped name is told before anything is embedded
        further = self._further(model)
        options = {"pairs": model.pairs} if further else {}
        video = encoded_records(model, given.records, **options)
        text = encoded_texts(model, given.prompts, **options)
        write_embeddings(
            folder / "embeddings.npz",
            ids=[record.id for record in given.records],
            answers=given.answers,
            video=np.asarray(video),
            texts=given.prompts,
            text=np.asarray(text),
        )
        parts = [self._judged(model, given, block, video, text) for block in given.blocks]
        main, pairs = self.ways()[0], list[Pair]()
        rows = (predictions(given, one.block, one.scores, one.ranks[main], main[1]) for one in parts)
        write_predictions(folder / "predictions.csv", watched(chain.from_iterable(rows), given, pairs))
        if self.confusion:
            write_confusions(folder / "confusion.csv", pairs)
        found = {("", way): together(parts, way) for way in self.ways()}
        main_ranks = found["", main]
        for pair in further:
            others = [self._judged(model, given, block, video, text, pair=pair) for block in given.blocks]
            found |= {(pair, way): together(others, way) for way in self.ways()}
        self._write_tables(given, found, identity(model, folder, self.split), folder)
        if self.plots:
            self._draw(given, main_ranks, np.asarray(video), pairs, folder)
        return headline(main_ranks)

    def _further(self, model: Any) -> Sequence[str]:
        return getattr(model, "pairs", ())[1:] if self.similarities == "all" else ()

    def material(self, records: Sequence[Record]) -> Material:
        """Which clips meet which prompts."""
        if self.queries != "all":
            records = self._of_known_words(records)
        listed = read_list(self.candidates) if isinstance(self.candidates, Path) else None
        renewed = with_prompts(records, self.templates)
        return material(renewed, self.split, self.candidates == "vocabulary", self.within, listed)

    def _of_known_words(self, records: Sequence[Record]) -> list[Record]:
        """Without the clips of the split whose meaning training saw, or did not see."""
        known = set(self.seen or ()) or {meaning(record) for record in records if record.split == "train"}
        wanted = self.queries == "seen"
        kept = [r for r in records if r.split != self.split or (meaning(r) in known) == wanted]
        if not any(record.split == self.split for record in kept):
            saw = "saw" if wanted else "did not see"
            raise DataError(f"retrieval: no clip of split '{self.split}' has a meaning that training {saw}")
        return kept

    def _modes(self) -> tuple[Mode, ...]:
        if isinstance(self.mode, tuple):
            return self.mode
        return ("strict", "legacy") if self.mode == "both" else (self.mode,)

    def ways(self) -> tuple[Way, ...]:
        """The first one is the headline, and what predictions and pictures show."""
        galleries: tuple[Gallery, ...] = ("group", "video") if self.gallery == "both" else (self.gallery,)
        of_mode: dict[Mode, tuple[Gallery, ...]] = {"strict": galleries, "legacy": ("video",), "cico": ("group",)}
        return tuple((mode, gallery) for mode in self._modes() for gallery in of_mode[mode])

    def _judged(self, model: Any, given: Material, block: Block, video: Any, text: Any, **options: Any) -> Judged:
        prompts = text[block.prompts]
        answers = [given.prompt_answers[i] for i in block.prompts]
        if self.ensemble == "mean" and isinstance(prompts, np.ndarray):
            prompts = averaged(prompts, answers)
        scores = score_matrix(model, video[block.clips], prompts, **options)
        if self.ensemble == "mean" and not isinstance(prompts, np.ndarray):
            scores = averaged_columns(scores, answers)
        return judged(given, block, scores, self.ways())

    def _write_tables(self, given: Material, found: Found, own: dict[str, str], folder: Path) -> None:
        asked: dict[tuple[Any, ...], tuple[str, Way, Direction, Ranking]] = {}
        for (pair, (mode, gallery)), ranks in found.items():
            for direction in DIRECTIONS:  # texts are the same candidates whatever the gallery
                key = (pair, mode, direction, gallery if direction == "text_to_video" else "")
                asked.setdefault(key, (pair, (mode, gallery), direction, ranks[direction]))
        rows = [self._row(given, *one, own, self.bootstrap) for one in asked.values()]
        for name in self.per:
            samples = 0 if name == "answer" else self.bootstrap  # the few clips of one answer bear no interval
            parts = [
                {name: value, **self._row(given, pair, way, direction, ranking.subset(mask), own, samples)}
                for pair, way, direction, ranking in asked.values()
                for value, mask in by_value(query_values(given, direction, ranking.query, name))
            ]
            write_metrics(folder / f"metrics_by_{name}.csv", parts, first=(name,))
            if self.plots:
                draw(_bars, folder, name, parts)
        write_metrics(folder / "metrics.csv", rows)

    def _row(
        self,
        given: Material,
        pair: str,
        way: Way,
        direction: Direction,
        ranking: Ranking,
        own: dict[str, str],
        samples: int,
    ) -> dict[str, Any]:
        signature = Signature(
            split=self.split,
            direction=direction,
            mode=way[0],
            candidates=str(self.candidates),
            gallery=way[1] if direction == "text_to_video" else "text",
            within=self.within or "",
            variant="; ".join(filter(None, (self._variant(), pair and f"scores of {pair}"))),
            **own,
        )
        groups = drawn_together(given, direction, ranking, self.resample)
        return metric_row(signature, ranking, groups, samples, self.seed, self.resample)

    def _variant(self) -> str:
        """What is asked differently from the plain task, in words."""
        changed = [f"{stream}.{key}={value}" for stream, keys in self.streams.items() for key, value in keys.items()]
        said = [f"{self.queries} meanings"] if self.queries != "all" else []
        said += [f"prompts {' | '.join(self.templates)}"] if self.templates else []
        return "; ".join(said + (["mean of prompts"] if self.ensemble == "mean" else []) + changed)

    def _draw(self, given: Material, ranks: Ranks, video: Any, pairs: Sequence[Pair], folder: Path) -> None:
        ranking = {direction.replace("_to_", " to "): ranks[direction].rank for direction in reversed(DIRECTIONS)}
        draw(recall_curve, folder / "recall.png", ranking, folder.name)
        if self.confusion:
            draw(draw_confusions, folder / "confusion.png", pairs, folder.name)
        if self.map is not None:
            shown = chosen(len(video), self.seed)
            groups = [value or "" for value in query_values(given, "video_to_text", shown, self.map_by)]
            places = flat(video[shown], self.map, self.seed)
            draw(scatter, folder / "map.png", places, groups, folder.name)


def _bars(folder: Path, name: str, rows: Sequence[dict[str, Any]]) -> None:
    """R@1 of the clips of each value, with its interval."""
    shown = [row for row in rows if row["direction"] == "video_to_text" and row["mode"] == rows[0]["mode"]]
    if shown:
        values = {row[name]: row["R@1"] for row in shown}
        ends = {row[name]: (row["R@1_low"], row["R@1_high"]) for row in shown if "R@1_low" in row}
        bars(folder / f"metrics_by_{name}.png", values, "video to text R@1", folder.name, ends)
