"""The same meaning in another sign language: found by a clip, and how alike the languages' signs are.

What: every clip of one language is a query, the meanings of another language are the candidates (each with the best of
its clips), right is the one of the same meaning; for all ordered pairs of languages.  And the iconicity table.
Needs: records of two sign languages at least, with meanings that both have.
Reference: `mmpt_sign.evaluation.iconicity`; chance is exact, as in `mmpt_sign.evaluation.baselines`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.baselines import expected
from mmpt_sign.evaluation.galleries import attribute
from mmpt_sign.evaluation.iconicity import COLUMNS as ICONICITY
from mmpt_sign.evaluation.iconicity import spreads
from mmpt_sign.evaluation.maps import unit
from mmpt_sign.evaluation.metrics import METRICS, query_ranks, summary
from mmpt_sign.evaluation.plots import bars, draw, heat_map
from mmpt_sign.evaluation.prompts import meaning
from mmpt_sign.evaluation.ranking import Ranking, pooled
from mmpt_sign.evaluation.tasks._task import Task
from mmpt_sign.files import write_csv

if TYPE_CHECKING:
    from mmpt_sign.records import Record

SHOWN = tuple(name for name in METRICS if not name.startswith("P@"))
COLUMNS = ("of", "to", *SHOWN, "chance_R@1", "n_queries", "gallery_size", "same_meaning", "other_meaning")


class CrossLingual(Task):
    """Clips of one sign language against those of every other one."""

    name: Literal["cross_lingual"] = "cross_lingual"
    split: str = Field("test", description="split that is judged; all: every record of the data set")
    language: str = Field("sign_language", description="record attribute that names the language")
    meaning: str = Field("text", description="entry of a record's extra that says what it means, comparable as text")
    cosine: bool = Field(True, description="compare directions; false: the vectors as they are")
    at_least: int = Field(2, ge=2, description="languages that a meaning needs to enter the iconicity table")
    exactly: int | None = Field(None, ge=2, description="only meanings of exactly so many languages (the paper: 37)")

    def judge(self, model: Any, records: Sequence[Record], folder: Path) -> dict[str, float]:
        """Write ``cross_lingual.csv``, one row per pair of languages and one over all, and ``iconicity.csv``."""
        asked = [record for record in records if self.split in (record.split, "all")]
        languages = [attribute(record, self.language) for record in asked]
        meanings = [meaning(record, self.meaning) for record in asked]
        if len(set(languages)) < 2:
            raise DataError(f"cross_lingual: split '{self.split}' holds fewer than two values of {self.language}")
        raw = np.asarray(model.embed_records(asked))
        rows, rankings = self._pairs(unit(raw) if self.cosine else raw, meanings, languages)
        if not rows:
            raise DataError(f"cross_lingual: no two values of {self.language} in split '{self.split}' share a meaning")
        whole = pooled(rankings)
        everything = {"of": "all", "to": "all", **_figures(whole)}
        write_csv(folder / "cross_lingual.csv", COLUMNS, [everything, *rows])
        table = spreads(raw, meanings, languages, self.at_least, self.exactly)
        write_csv(folder / "iconicity.csv", ICONICITY, table)
        if self.plots:
            self._draw(rows, table, folder)
        return {name: everything[name] for name in (*SHOWN, "chance_R@1")}

    def _pairs(
        self, vectors: NDArray[Any], meanings: Sequence[str], languages: Sequence[str]
    ) -> tuple[list[dict[str, Any]], list[Ranking]]:
        rows, rankings = [], []
        names, means = np.array(languages), np.array(meanings)
        for of, to in _ordered_pairs(sorted(set(languages))):
            queries, gallery = np.flatnonzero(names == of), np.flatnonzero(names == to)
            if not set(means[queries]) & set(means[gallery]):
                continue
            scores = vectors[queries] @ vectors[gallery].T
            ranking = query_ranks(scores, means[queries], means[gallery])["video_to_text"]
            same = means[queries][:, None] == means[gallery]
            alike = {"same_meaning": float(scores[same].mean())}
            alike |= {"other_meaning": float(scores[~same].mean())} if not same.all() else {}
            rows.append({"of": of, "to": to, **_figures(ranking), **alike})
            rankings.append(ranking)
        return rows, rankings

    def _draw(self, rows: Sequence[dict[str, Any]], table: Sequence[dict[str, Any]], folder: Path) -> None:
        names = sorted({row["of"] for row in rows} | {row["to"] for row in rows})
        matrix = np.full((len(names), len(names)), np.nan)
        for row in rows:
            matrix[names.index(row["of"]), names.index(row["to"])] = row["R@1"]
        title = f"{folder.name}: R@1"
        draw(heat_map, folder / "cross_lingual.png", matrix, names, names, "found in", "asked in", title)
        if table:
            spread = {row["meaning"]: row["spread"] for row in table}
            draw(bars, folder / "iconicity.png", spread, "spread over languages (small: alike)", folder.name)


def _ordered_pairs(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    return ((of, to) for of in names for to in names if of != to)


def _figures(ranking: Ranking) -> dict[str, Any]:
    sizes = sorted({int(size) for size in ranking.gallery})
    found = summary(ranking)
    return {
        **{name: found[name] for name in SHOWN},
        "chance_R@1": expected(ranking)["R@1"],
        "n_queries": len(ranking),
        "gallery_size": str(sizes[0]) if len(sizes) == 1 else f"{sizes[0]}-{sizes[-1]}",
    }
