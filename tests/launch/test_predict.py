"""Predict jobs with several tasks and data sets: folders of their own, what was seen, mistakes before work."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.config.schema import Experiment
from mmpt_sign.errors import ConfigError
from mmpt_sign.files import read_csv
from mmpt_sign.launch import predict as job
from tests.corpus import WORDS, make_corpus, tiny_experiment
from tests.evaluation.made import MadeModel


def experiment(folder: Path, tasks: list[dict[str, Any]]) -> Experiment:
    values = tiny_experiment(make_corpus(folder / "own", words=WORDS[:4]), folder / "runs")
    return experiment_from_values({**values, "evaluate": {"tasks": tasks}}, "test")


@pytest.fixture(autouse=True)
def _no_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    def load(run: Path, device: str) -> MadeModel:
        model: Any = MadeModel()
        model.experiment = SimpleNamespace(streams={}, similarity={}, model_copy=lambda update: None)
        return model  # type: ignore[no-any-return]

    monkeypatch.setattr(job, "load", load)


def test_tasks_and_data_sets_have_folders_of_their_own(tmp_path: Path) -> None:
    other = {"name": "folder", "folder": str(make_corpus(tmp_path / "other", words=WORDS[2:])), "layout": "hand_21"}
    plain: dict[str, Any] = {"name": "retrieval", "bootstrap": 0, "plots": False}
    tasks = [
        plain,
        {**plain, "candidates": "vocabulary", "label": "hard"},
        {**plain, "dataset": other, "label": "zero_shot"},
        {**plain, "dataset": other, "label": "in_vocabulary", "queries": "seen"},
        {"name": "few_shot", "plots": False, "methods": ["prototypes"]},
    ]
    figures = job.predict(experiment(tmp_path, tasks), tmp_path / "run")
    names = ["folder_test", "folder_test_hard", "folder_test_zero_shot", "folder_test_in_vocabulary"]
    assert list(figures) == [*names, "folder_test_few_shot"]
    rows = {name: read_csv(tmp_path / "run" / "eval" / name / "metrics.csv")[1] for name in names}
    assert [row["n_queries"] for row in rows.values()] == ["4", "4", "6", "2"]  # water and friend are in both
    assert {row["dataset"] for row in rows.values()} == {"folder"}
    assert (tmp_path / "run" / "eval" / "folder_test_few_shot" / "few_shot.csv").is_file()


def test_two_tasks_in_one_folder_are_told_before_work(tmp_path: Path) -> None:
    made = experiment(tmp_path, [{"name": "retrieval"}, {"name": "retrieval", "candidates": "vocabulary"}])
    with pytest.raises(ConfigError, match="several tasks write to eval/folder_test; give all but one a label"):
        job.predict(made, tmp_path / "run")
    assert not (tmp_path / "run").exists()
