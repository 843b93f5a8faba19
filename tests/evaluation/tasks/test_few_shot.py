"""Few-shot curves on a made model: files, monotony, what is left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.tasks.few_shot import FewShot
from mmpt_sign.files import read_csv
from mmpt_sign.registry import find
from tests.evaluation.made import MadeModel, records


def test_files_and_methods(tmp_path: Path) -> None:
    assert find("evaluation", "few_shot") is FewShot
    given = records(("train",), takes=6) + records(("test",))
    figures = FewShot(shots=(1, 3, "all"), draws=2).run(MadeModel(0.2), given, tmp_path)
    names = {file.name for file in tmp_path.iterdir()}
    assert names == {"few_shot.csv", "few_shot_summary.csv", "few_shot.png", "figures.csv"}
    rows = read_csv(tmp_path / "few_shot.csv")
    assert len(rows) == 1 + 3 * (2 + 2 + 1)
    assert {(row["shots"], row["n_examples"]) for row in rows} == {("0", "0"), ("1", "10"), ("3", "30"), ("all", "60")}
    assert {(row["n_classes"], row["n_queries"], row["n_unknown"]) for row in rows} == {("10", "16", "0")}
    summary = {(row["method"], row["shots"]): row for row in read_csv(tmp_path / "few_shot_summary.csv")}
    ones = [float(row["R@1"]) for row in rows if (row["method"], row["shots"]) == ("linear", "1")]
    assert float(summary["linear", "1"]["R@1"]) == pytest.approx(sum(ones) / 2, rel=1e-4)
    assert figures["prototypes/all/R@1"] >= figures["prototypes/1/R@1"]
    assert figures["text/0/R@1"] == 1.0
    assert {row["figure"]: float(row["value"]) for row in read_csv(tmp_path / "figures.csv")} == pytest.approx(
        figures, rel=1e-5
    )


def test_the_curve_ends_where_everything_is_used(tmp_path: Path) -> None:
    FewShot(shots=(1, 100, "all"), draws=3, methods=("knn",)).run(MadeModel(0.1), records(takes=2), tmp_path)
    rows = read_csv(tmp_path / "few_shot.csv")
    assert [(row["shots"], row["draw"]) for row in rows] == [
        *(("0", "0"), ("1", "0"), ("1", "1"), ("1", "2"), ("all", "0"))
    ]


def test_another_attribute_has_no_prompts(tmp_path: Path) -> None:
    figures = FewShot(of="sign_language", methods=("linear",), shots=("all",), plots=False).run(
        MadeModel(0.1), records(takes=3), tmp_path
    )
    assert figures == {"linear/all/R@1": 1.0}


def test_classes_without_examples_are_counted_not_guessed(tmp_path: Path) -> None:
    given = [record for record in records() if record.split == "test" or "house" in record.id]
    FewShot(shots=("all",), methods=("prototypes",), plots=False).run(MadeModel(), given, tmp_path)
    row = read_csv(tmp_path / "few_shot.csv")[-1]
    assert (row["n_classes"], row["n_queries"], row["n_unknown"]) == ("2", "4", "12")


def test_mistakes_are_told(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="its own example"):
        FewShot(train_split="test")
    with pytest.raises(DataError, match="none of the 16 clips"):
        FewShot(train_split="dev").run(MadeModel(), records(), tmp_path)
    assert not list(tmp_path.iterdir())
