"""Language identification against scikit-learn and a loop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.tasks.identification import Identification, figures_of, per_language
from mmpt_sign.files import read_csv
from mmpt_sign.records import Record
from tests.evaluation.made import LANGUAGES, MadeModel, records


def given() -> list[Record]:
    return [replace(record, text_language="en") for record in records(("test",), takes=6)]


def test_a_model_that_knows_the_languages(tmp_path: Path) -> None:
    figures = Identification().run(MadeModel(), given(), tmp_path)
    assert figures == {"plain/accuracy": 1, "plain/macro_f1": 1, "oracle/accuracy": 1, "oracle/macro_f1": 1}
    assert {path.name for path in tmp_path.iterdir()} == {
        *("identification.csv", "identification_by_language.csv", "figures.csv"),
        *(f"confusion_{way}.{kind}" for way in ("plain", "oracle") for kind in ("csv", "png")),
    }
    (plain, _) = read_csv(tmp_path / "identification.csv")
    assert (plain["majority"], plain["n_queries"], plain["n_languages"]) == ("0.5", "48", "2")


def test_the_figures_are_those_of_a_loop(tmp_path: Path) -> None:
    model, asked = MadeModel(noise=0.8), given()
    figures = Identification(plots=False).run(model, asked, tmp_path)
    video = model.embed_records(asked)
    for way in ("plain", "oracle"):
        found = []
        for vector, record in zip(video, asked, strict=True):
            word = f" {record.id.split('-')[2]}" if way == "oracle" else ""
            prompts = [f"<en> <{language}>{word}" for language in LANGUAGES]
            found.append(LANGUAGES[int(np.argmax(vector @ model.embed_texts(prompts).T))])
        right = [guess == record.sign_language for guess, record in zip(found, asked, strict=True)]
        assert 0 < np.mean(right) < 1
        assert figures[f"{way}/accuracy"] == pytest.approx(np.mean(right))


def test_f1_by_hand() -> None:
    pairs = [("a", "a"), ("a", "b"), ("b", "b"), ("b", "b"), ("b", "c")]
    found = figures_of(pairs)
    assert found["accuracy"] == found["micro_f1"] == pytest.approx(0.6)
    assert found["macro_f1"] == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert found["majority"] == 0.6
    assert per_language(pairs)[1] == {
        "language": "b", "precision": pytest.approx(2 / 3), "recall": pytest.approx(2 / 3),
        "f1": pytest.approx(2 / 3), "n_queries": 3,
    }  # fmt: skip


def test_questions_that_cannot_be_asked(tmp_path: Path) -> None:
    one = [record for record in given() if record.sign_language == "ase"]
    with pytest.raises(DataError, match="two values of sign_language"):
        Identification().run(MadeModel(), one, tmp_path)
    with pytest.raises(DataError, match="do not tell"):
        Identification(templates=("a sign",)).run(MadeModel(), given(), tmp_path)
    apart = [r for r in given() if ("house" in r.id) == (r.sign_language == "ase")]
    with pytest.raises(DataError, match="no word of split 'test' occurs in two"):
        Identification(ask=("oracle",)).run(MadeModel(), apart, tmp_path)
