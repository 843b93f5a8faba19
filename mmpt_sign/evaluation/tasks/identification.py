"""Which language is this: a clip against prompts that differ in their language tag alone.

What: ``plain`` asks with prompts that name the language and no word, ``oracle`` with the clip's own word in every
language in which the data set has it.  Both tell how often the right language scores best.
Needs: records with the language in question; for ``oracle`` words that occur in two languages at least.
Reference: Jiang et al. 2024, SignCLIP, tasks identification and identification_oracle; figures by scikit-learn.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.confusions import Pair, draw_confusions, write_confusions
from mmpt_sign.evaluation.galleries import attribute
from mmpt_sign.evaluation.plots import draw
from mmpt_sign.evaluation.prompts import meaning, prompts_of
from mmpt_sign.evaluation.scores import encoded_records, encoded_texts, score_matrix
from mmpt_sign.evaluation.tasks._task import Task
from mmpt_sign.files import write_csv
from mmpt_sign.text.prompt import TAGGED, Prompts

if TYPE_CHECKING:
    from mmpt_sign.records import Record

Ask = Literal["plain", "oracle"]
COLUMNS = ("asked", "of", "accuracy", "micro_f1", "macro_f1", "majority", "n_queries", "n_languages")
BY_LANGUAGE = ("asked", "language", "precision", "recall", "f1", "n_queries")


class Identification(Task):
    """The sign language of a clip, or the written language that goes with it."""

    name: Literal["identification"] = "identification"
    of: Literal["sign_language", "text_language"] = "sign_language"
    ask: tuple[Ask, ...] = Field(("plain", "oracle"), min_length=1)
    templates: Prompts = Field(("<{text_language}> <{sign_language}>",), description="prompts without a word")
    word_templates: Prompts = Field((TAGGED,), description="prompts with the word, for oracle")

    def judge(self, model: Any, records: Sequence[Record], folder: Path) -> dict[str, float]:
        """Write ``identification.csv``, a table by language, and who is taken for whom."""
        asked = [record for record in records if record.split == self.split and attribute(record, self.of)]
        if len({attribute(record, self.of) for record in asked}) < 2:
            raise DataError(f"identification: split '{self.split}' does not hold two values of {self.of} to tell apart")
        video = encoded_records(model, asked)
        rows, by_language, figures = list[dict[str, Any]](), list[dict[str, Any]](), dict[str, float]()
        for way in self.ask:
            pairs = list(self._plain(model, asked, video) if way == "plain" else self._oracle(model, asked, video))
            if not pairs:
                raise DataError(f"identification: no word of split '{self.split}' occurs in two values of {self.of}")
            measured = figures_of(pairs)
            rows.append({"asked": way, "of": self.of, **measured})
            by_language += [{"asked": way, **row} for row in per_language(pairs)]
            figures |= {f"{way}/{name}": measured[name] for name in ("accuracy", "macro_f1")}
            write_confusions(folder / f"confusion_{way}.csv", pairs)
            if self.plots:
                draw(draw_confusions, folder / f"confusion_{way}.png", pairs, folder.name)
        write_csv(folder / "identification.csv", COLUMNS, rows)
        write_csv(folder / "identification_by_language.csv", BY_LANGUAGE, by_language)
        return figures

    def _plain(self, model: Any, asked: Sequence[Record], video: Any) -> Iterator[Pair]:
        language_of = {
            prompt: attribute(record, self.of) for record in asked for prompt in prompts_of(record, self.templates)
        }
        if len(set(language_of.values())) < len({attribute(record, self.of) for record in asked}):
            raise DataError(f"identification: the templates do not tell the values of {self.of} apart")
        prompts = list(language_of)
        scores = score_matrix(model, video, encoded_texts(model, prompts))
        for record, best in zip(asked, np.argmax(scores, axis=1), strict=True):
            yield attribute(record, self.of), language_of[prompts[int(best)]]

    def _oracle(self, model: Any, asked: Sequence[Record], video: Any) -> Iterator[Pair]:
        """Each clip against its own word in the languages that have it; a word of one language alone is no question."""
        choices: dict[str, dict[str, str]] = {}
        for record in asked:
            for prompt in prompts_of(record, self.word_templates):
                choices.setdefault(meaning(record), {}).setdefault(prompt, attribute(record, self.of))
        prompts = list({prompt for found in choices.values() for prompt in found})
        text, place = encoded_texts(model, prompts), {prompt: i for i, prompt in enumerate(prompts)}
        for i, record in enumerate(asked):
            found = choices[meaning(record)]
            if len(set(found.values())) > 1:
                own = list(found)
                scores = model.score(video[i : i + 1], text[[place[prompt] for prompt in own]])[0]
                yield attribute(record, self.of), found[own[int(np.argmax(scores))]]


def figures_of(pairs: Sequence[Pair]) -> dict[str, float]:
    """Accuracy, F1 over all and as a mean over languages, and what always naming the commonest one would give."""
    from sklearn.metrics import accuracy_score, f1_score

    gold, found = zip(*pairs, strict=True)
    names = sorted(set(gold))
    return {
        "accuracy": float(accuracy_score(gold, found)),
        "micro_f1": float(f1_score(gold, found, average="micro")),
        "macro_f1": float(f1_score(gold, found, labels=names, average="macro", zero_division=0)),
        "majority": max(gold.count(name) for name in names) / len(gold),
        "n_queries": len(gold),
        "n_languages": len(names),
    }


def per_language(pairs: Sequence[Pair]) -> list[dict[str, Any]]:
    """Precision, recall and F1 of each language."""
    from sklearn.metrics import precision_recall_fscore_support

    gold, found = zip(*pairs, strict=True)
    names = sorted(set(gold))
    columns = precision_recall_fscore_support(gold, found, labels=names, zero_division=0)
    rows = zip(names, *columns, strict=True)
    return [dict(zip(BY_LANGUAGE[1:], (name, *map(float, three), int(n)), strict=True)) for name, *three, n in rows]
