"""A dictionary as its users ask it: show a sign, get the entries ranked.  DCG, MRR, and how often the top k hold it.

What: the clips of ``split`` are the questions, the signs of ``entries_of`` the dictionary.  A sign is represented by
its clips (the best counts), by their mean, or by its prompt.
Needs: a model with ``embed_records`` (and ``embed_texts`` for prompts); a dictionary that has the signs asked for.
Reference: Desai et al. 2023, ASL Citizen; `mmpt_sign.evaluation.gains`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.answers import as_codes, joined_answers
from mmpt_sign.evaluation.gains import discounted_gain
from mmpt_sign.evaluation.galleries import attribute
from mmpt_sign.evaluation.intervals import redrawn_means
from mmpt_sign.evaluation.maps import unit
from mmpt_sign.evaluation.metrics import query_ranks
from mmpt_sign.evaluation.plots import draw, recall_curve
from mmpt_sign.evaluation.probes import prototypes
from mmpt_sign.evaluation.ranking import Floats, Ranking
from mmpt_sign.evaluation.scores import Scores, encoded_records, encoded_texts, score_matrix
from mmpt_sign.evaluation.tasks._task import Task
from mmpt_sign.files import write_csv

if TYPE_CHECKING:
    from mmpt_sign.records import Record

Kind = Literal["clips", "means", "texts"]
DEPTHS = (1, 5, 10, 20)
MEANS = ("DCG", "MRR", *(f"top{k}" for k in DEPTHS), "MeanR")
COUNTS = ("n_queries", "n_absent", "n_entries")
FIGURES = (*(f"{name}{end}" for name in MEANS for end in ("", "_low", "_high")), "MedR", *COUNTS, "resampled")
LISTED = 10
PREDICTIONS = ("entries", "query_id", "gold", "rank", "gain", *(f"top{place}" for place in range(1, LISTED + 1)))


@dataclass(frozen=True, slots=True)
class _Book:
    """The entries' clips with the sign of each as a number, the names of the signs, and the questions."""

    clips: list[Record]
    signs: NDArray[np.int64]
    names: list[str]
    queries: list[Record]
    right: NDArray[np.int64]
    absent: int


class Dictionary(Task):
    """Rank the signs of a dictionary for each clip."""

    name: Literal["dictionary"] = "dictionary"
    entries_of: str = Field("train", description="split whose clips are the dictionary")
    entries: tuple[Kind, ...] = Field(("clips", "means", "texts"), min_length=1, description="what stands for a sign")
    cosine: bool = Field(True, description="compare clips by direction; false: the vectors as they are")
    bootstrap: int = Field(1000, ge=0, description="samples behind the 95 % intervals; 0 = none")
    resample: str = Field("query", description="what the samples draw: query, or a record attribute: signer")
    seed: int = Field(0, ge=0)

    @model_validator(mode="after")
    def _apart(self) -> Dictionary:
        if self.entries_of == self.split:
            raise ValueError(f"entries_of and split are both '{self.split}': every clip would find itself")
        return self

    def judge(self, model: Any, records: Sequence[Record], folder: Path) -> dict[str, float]:
        """Write ``dictionary.csv``, one row per kind of entry, and the entries that each question was shown."""
        book = self._book(records)
        groups = None if self.resample == "query" else [attribute(record, self.resample) for record in book.queries]
        queries = encoded_records(model, book.queries)
        clips = np.asarray(model.embed_records(book.clips)) if {*self.entries} - {"texts"} else None
        rows, answers, ranks = list[dict[str, Any]](), list[dict[str, Any]](), dict[str, Any]()
        for kind in self.entries:
            scores, columns = self._scores(kind, model, book, queries, clips)
            ranking = query_ranks(scores, book.right, columns)["video_to_text"]
            counts = dict(zip(COUNTS, (len(ranking), book.absent, len(book.names)), strict=True))
            rows.append({"entries": kind, **self._figures(ranking, groups), **counts})
            answers += _answers(kind, book, scores, columns, ranking)
            ranks[kind] = ranking.rank
        write_csv(folder / "dictionary.csv", ("entries", *FIGURES), rows)
        write_csv(folder / "dictionary_predictions.csv", PREDICTIONS, answers)
        if self.plots:
            draw(recall_curve, folder / "dictionary.png", ranks, folder.name)
        return {f"{row['entries']}/{name}": row[name] for row in rows for name in ("DCG", "MRR", "top1", "top10")}

    def _book(self, records: Sequence[Record]) -> _Book:
        joined = joined_answers(records)
        clips = [record for record in records if record.split == self.entries_of]
        asked = [record for record in records if record.split == self.split]
        known: dict[Any, int] = {}
        signs = as_codes([joined[record.answer] for record in clips], known)
        queries = [record for record in asked if joined[record.answer] in known]
        if not queries:
            raise DataError(
                f"dictionary: none of the {len(asked)} clips of split '{self.split}' shows a sign of the {len(known)} "
                f"signs of split '{self.entries_of}'"
            )
        right = np.array([known[joined[record.answer]] for record in queries])
        return _Book(clips, signs, [str(name) for name in known], queries, right, len(asked) - len(queries))

    def _scores(
        self, kind: Kind, model: Any, book: _Book, queries: Any, clips: Any
    ) -> tuple[Scores, NDArray[np.int64]]:
        """Scores (questions, candidates) and the sign of each candidate."""
        if kind == "texts":
            sign_of = {
                text: int(sign) for record, sign in zip(book.clips, book.signs, strict=True) for text in record.texts
            }
            text = encoded_texts(model, list(sign_of))
            return score_matrix(model, queries, text), np.array(list(sign_of.values()))
        asked = np.asarray(queries)
        asked, shown = (unit(asked), unit(clips)) if self.cosine else (asked, clips)
        if kind == "means":
            return prototypes(shown, book.signs, asked), np.arange(len(book.names))
        return asked @ shown.T, book.signs

    def _figures(self, ranking: Ranking, groups: Sequence[str] | None) -> dict[str, Any]:
        values = per_query(ranking)
        found: dict[str, Any] = dict(zip(MEANS, values.mean(axis=0).tolist(), strict=True))
        found["MedR"] = float(np.median(ranking.rank))
        if self.bootstrap:
            low, high = np.quantile(redrawn_means(values, groups, self.bootstrap, self.seed), [0.025, 0.975], axis=0)
            found |= {f"{name}_low": float(low[i]) for i, name in enumerate(MEANS)}
            found |= {f"{name}_high": float(high[i]) for i, name in enumerate(MEANS)} | {"resampled": self.resample}
        return found


def per_query(ranking: Ranking) -> Floats:
    """(Q, M): what each question adds to the figures `MEANS`."""
    rank = ranking.rank
    within = [(rank <= k).astype(np.float64) for k in DEPTHS]
    return np.stack([discounted_gain(ranking), 1 / rank, *within, rank], axis=1)


def _answers(
    kind: Kind, book: _Book, scores: Scores, columns: NDArray[np.int64], ranking: Ranking
) -> Iterator[dict[str, Any]]:
    gains = discounted_gain(ranking)
    for i, record in enumerate(book.queries):
        order = columns[np.argsort(-scores[i], kind="stable")]
        signs = list(dict.fromkeys(order.tolist()))[:LISTED]
        shown = {f"top{place}": book.names[sign] for place, sign in enumerate(signs, 1)}
        gold = book.names[int(book.right[i])]
        head = {"entries": kind, "query_id": record.id, "gold": gold, "rank": float(ranking.rank[i]), "gain": gains[i]}
        yield head | shown
