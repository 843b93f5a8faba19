"""Recognition from a few examples per class, against the prompts alone: figures by number of examples.

What: of the training clips at most n of each class are drawn, several times; the test clips are recognised by the mean
of the examples, by nearest neighbours, and by a linear classifier.  The row ``text`` is the model without any example.
Needs: a model with ``embed_records``, ``embed_texts`` and ``score``; training clips of the test classes.
Reference: `mmpt_sign.evaluation.probes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field, PositiveInt, model_validator

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.answers import IntArray, as_codes, joined_answers
from mmpt_sign.evaluation.galleries import attribute
from mmpt_sign.evaluation.intervals import mean_and_ends
from mmpt_sign.evaluation.metrics import METRICS, query_ranks, summary
from mmpt_sign.evaluation.plots import Line, curves, draw
from mmpt_sign.evaluation.probes import PROBES, Method, sampled
from mmpt_sign.evaluation.scores import encoded_records, encoded_texts, score_matrix
from mmpt_sign.evaluation.tasks._task import Task
from mmpt_sign.files import write_csv

if TYPE_CHECKING:
    from mmpt_sign.records import Record

SHOWN = tuple(name for name in METRICS if not name.startswith("P@"))
COUNTS = ("n_examples", "n_classes", "n_queries", "n_unknown")


@dataclass(frozen=True, slots=True)
class _Material:
    """Examples and queries with their classes as numbers; queries of a class without examples are left out."""

    examples: list[Record]
    classes: IntArray
    queries: list[Record]
    right: IntArray
    unknown: int


class FewShot(Task):
    """How well a class is recognised from one, five, ten, a hundred clips of it."""

    name: Literal["few_shot"] = "few_shot"
    train_split: str = Field("train", description="split that the examples come from")
    methods: tuple[Method, ...] = Field(("prototypes", "knn", "linear"), min_length=1)
    shots: tuple[PositiveInt | Literal["all"], ...] = Field(
        (1, 5, 10, 100, "all"), min_length=1, description="per class"
    )
    draws: int = Field(5, ge=1, description="how often the examples are drawn")
    of: str | None = Field(None, description="record attribute to recognise, such as signer; default: the answer")
    seed: int = Field(42, ge=0)

    @model_validator(mode="after")
    def _apart(self) -> FewShot:
        if self.train_split == self.split:
            raise ValueError(f"train_split and split are both '{self.split}': every clip would be its own example")
        return self

    def judge(self, model: Any, records: Sequence[Record], folder: Path) -> dict[str, float]:
        """Write ``few_shot.csv``, one row per drawing, and ``few_shot_summary.csv`` with means and intervals."""
        given = self._material(records)
        examples, queries = np.asarray(model.embed_records(given.examples)), encoded_records(model, given.queries)
        rows = [self._without_examples(model, given, queries)] if self.of is None else []
        rows += self._drawn(given, examples, np.asarray(queries))
        write_csv(folder / "few_shot.csv", ("method", "shots", "draw", *COUNTS, *SHOWN), rows)
        means = list(_summaries(rows))
        columns = tuple(f"{name}{end}" for name in SHOWN for end in ("", "_low", "_high"))
        write_csv(folder / "few_shot_summary.csv", ("method", "shots", "draws", *COUNTS, *columns), means)
        if self.plots:
            draw(_picture, folder / "few_shot.png", means, folder.name)
        return {f"{row['method']}/{row['shots']}/R@1": row["R@1"] for row in means}

    def _material(self, records: Sequence[Record]) -> _Material:
        joined = joined_answers(records)

        def class_of(record: Record) -> str:
            return joined[record.answer] if self.of is None else attribute(record, self.of)

        examples = [record for record in records if record.split == self.train_split]
        asked = [record for record in records if record.split == self.split]
        known: dict[Any, int] = {}
        classes = as_codes([class_of(record) for record in examples], known)
        queries = [record for record in asked if class_of(record) in known]
        if not queries:
            raise DataError(
                f"few_shot: none of the {len(asked)} clips of split '{self.split}' has a class with an example among "
                f"the {len(examples)} clips of split '{self.train_split}'"
            )
        right = np.array([known[class_of(record)] for record in queries])
        return _Material(examples, classes, queries, right, len(asked) - len(queries))

    def _without_examples(self, model: Any, given: _Material, queries: Any) -> dict[str, Any]:
        """The prompts of the classes, as retrieval uses them."""
        column = {
            text: int(c) for record, c in zip(given.examples, given.classes, strict=True) for text in record.texts
        }
        scores = score_matrix(model, queries, encoded_texts(model, list(column)))
        return {
            "method": "text",
            "shots": 0,
            "draw": 0,
            **_counts(given, 0),
            **_figures(scores, given, column.values()),
        }

    def _drawn(self, given: _Material, examples: Any, queries: Any) -> Iterator[dict[str, Any]]:
        names = range(int(given.classes.max()) + 1)
        for shots in self.shots:
            most = int(np.bincount(given.classes).max())
            everything = shots == "all" or shots >= most
            for turn in range(1 if everything else self.draws):
                chosen = sampled(given.classes, None if shots == "all" else shots, self.seed + turn)
                for method in self.methods:
                    scores = PROBES[method](examples[chosen], given.classes[chosen], queries)
                    found = _figures(scores, given, names)
                    told = "all" if everything else shots
                    yield {"method": method, "shots": told, "draw": turn, **_counts(given, len(chosen)), **found}
            if everything:
                return


def _figures(scores: Any, given: _Material, columns: Iterable[int]) -> dict[str, float]:
    found = summary(query_ranks(scores, given.right, list(columns))["video_to_text"])
    return {name: found[name] for name in SHOWN}


def _counts(given: _Material, examples: int) -> dict[str, int]:
    classes = int(given.classes.max()) + 1
    return dict(zip(COUNTS, (examples, classes, len(given.queries), given.unknown), strict=True))


def _summaries(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Mean and t-interval over the drawings of one method and number of examples."""
    for method, shots in dict.fromkeys((row["method"], row["shots"]) for row in rows):
        same = [row for row in rows if (row["method"], row["shots"]) == (method, shots)]
        kept = {name: same[0][name] for name in COUNTS}
        yield {
            "method": method, "shots": shots, "draws": len(same), **kept,
            **{key: value for name in SHOWN for key, value in mean_and_ends(name, [row[name] for row in same]).items()},
        }  # fmt: skip


def _picture(path: Path, rows: Sequence[dict[str, Any]], title: str) -> Path:
    lines: dict[str, Line] = {}
    for method in dict.fromkeys(row["method"] for row in rows):
        own = [row for row in rows if row["method"] == method]
        shots = [row["n_examples"] / row["n_classes"] for row in own]
        if method == "text":
            shots, own = [1, max(row["n_examples"] / row["n_classes"] for row in rows)], own * 2
        low, high = ([row.get(f"R@1{end}", row["R@1"]) for row in own] for end in ("_low", "_high"))
        lines[method] = (shots, [row["R@1"] for row in own], low, high)
    return curves(path, lines, "examples per class", "R@1", title, log_x=True)
