"""A folder of experiments: in order, each in a process of its own, going on where it stopped."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from mmpt_sign.cli.main import app
from mmpt_sign.errors import ConfigError
from mmpt_sign.launch import sweep
from mmpt_sign.launch.job import JobType
from tests.corpus import make_corpus, tiny_experiment


def write(folder: Path, name: str, values: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(yaml.safe_dump({**values, "name": f"sweep/{name}"}))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``a_tuned`` starts from ``b_first``; ``broken`` has no data."""
    root = tmp_path_factory.mktemp("sweep")
    tiny = tiny_experiment(make_corpus(root / "corpus"), root / "runs", epochs=1, max_updates=2)
    project = root / "experiments"
    write(project, "a_tuned", {**tiny, "init_from": str(root / "runs/sweep/b_first")})
    write(project, "b_first", tiny)
    write(project, "test_b_first", tiny)
    write(project, "broken", {**tiny, "dataset": {"name": "folder", "folder": str(root / "nowhere")}})
    return project


def lines(project: Path) -> dict[tuple[str, str], dict[str, str]]:
    with (project.parent / "runs/sweep_experiments.csv").open() as file:
        return {(row["experiment"].removeprefix("sweep/"), row["job"]): row for row in csv.DictReader(file)}


def test_what_starts_from_another_run_comes_after_it(project: Path) -> None:
    steps = sweep.planned(sweep.files_in(project), JobType.LOCAL_SINGLE, JobType.LOCAL_PREDICT, seeds=[], overrides=[])
    found = [(step.job.experiment.name.removeprefix("sweep/"), str(step.job.kind)) for step in steps]
    assert found == [
        ("b_first", "local_single"), ("test_b_first", "local_predict"), ("a_tuned", "local_single"),
        ("a_tuned", "local_predict"), ("broken", "local_single"), ("broken", "local_predict"),
    ]  # fmt: skip


def test_two_that_start_from_each_other_are_refused(tmp_path: Path) -> None:
    tiny = tiny_experiment(tmp_path, tmp_path / "runs")
    write(tmp_path / "p", "x", {**tiny, "init_from": "runs/sweep/y"})
    write(tmp_path / "p", "y", {**tiny, "init_from": "runs/sweep/x"})
    with pytest.raises(ConfigError, match="starts from its own outcome"):
        sweep.planned(sweep.files_in(tmp_path / "p"), JobType.LOCAL_SINGLE, None, seeds=[], overrides=[])


def test_all_files_are_checked_before_anything_runs(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(tmp_path, name, {"datasets": {}, "streams": {}})
    with pytest.raises(ConfigError) as caught:
        sweep.planned(sweep.files_in(tmp_path), JobType.LOCAL_SINGLE, None, seeds=[], overrides=[])
    assert "one.yaml" in str(caught.value)
    assert "two.yaml" in str(caught.value)


@pytest.mark.slow
def test_a_sweep_trains_tests_survives_a_failure_and_goes_on(project: Path) -> None:
    words = ["launch", "--all", str(project), "--jobtype", "local_single", "--then", "local_predict"]
    first = CliRunner().invoke(app, words)
    assert first.exit_code == 1, first.output
    states = {key: row["state"] for key, row in lines(project).items()}
    assert states == {
        ("b_first", "local_single"): "done", ("test_b_first", "local_predict"): "done",
        ("a_tuned", "local_single"): "done", ("a_tuned", "local_predict"): "done",
        ("broken", "local_single"): "failed", ("broken", "local_predict"): "left out",
    }  # fmt: skip
    assert lines(project)["broken", "local_single"]["problem"] == "exit code 2"
    assert 0 <= float(lines(project)["test_b_first", "local_predict"]["video_to_text R@1"]) <= 1

    (project / "broken.yaml").unlink()
    (project.parent / "runs/sweep/a_tuned/finished.json").unlink()
    again = CliRunner().invoke(app, words)
    assert again.exit_code == 0, again.output
    assert "sweep/b_first" in again.output
    states = {key: row["state"] for key, row in lines(project).items()}
    assert states["b_first", "local_single"] == states["test_b_first", "local_predict"] == "done before"
    assert states["a_tuned", "local_single"] == "done"
