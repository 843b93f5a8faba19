"""The shell's door: verbs, exit codes, sentences instead of traces."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from mmpt_sign.cli.launch import launch_app
from mmpt_sign.cli.main import app
from mmpt_sign.config.load import load_experiment
from tests.corpus import make_corpus, tiny_experiment

ROOT = Path(__file__).parents[2]
runner = CliRunner()


def said(*words: str, code: int = 0) -> str:
    done = runner.invoke(app, list(words))
    assert done.exit_code == code, done.output
    return done.output


def test_ls_shows_what_ships_and_filters() -> None:
    assert "retri/fingerclip/rwthfs_scratch_pose" in said("ls").splitlines()
    assert all("signclip" in line for line in said("ls", "signclip").splitlines())


def test_validate_accepts_everything_that_ships() -> None:
    assert "experiments are valid" in said("validate", "projects/")


def test_validate_reports_all_mistakes_of_all_files_with_exit_code_2(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text("dataset: {name: foldr}\nsead: 1\n")
    text = said("validate", str(tmp_path), code=2)
    for name in ("one", "two"):
        assert f"{name}.yaml:1: dataset: unknown name 'foldr' (did you mean 'folder'?)" in text
        assert f"{name}.yaml:2: unknown key 'sead' (did you mean 'seed'?)" in text


def test_show_prints_the_resolved_experiment_as_yaml() -> None:
    text = said("show", "projects/demo/fingerclip.yaml", "-o", "optim.epochs=3")
    values = yaml.safe_load(text)
    assert values["optim"]["epochs"] == 3
    assert values["dataset"]["name"] == "fingerspelling_lexicon"


def test_cp_gives_a_file_to_edit_that_stands_alone(tmp_path: Path) -> None:
    target = tmp_path / "mine.yaml"
    said("cp", "retri/fingerclip/rwthfs_scratch_pose", str(target))
    assert "base" not in yaml.safe_load(target.read_text())
    assert "1 experiments are valid" in said("validate", str(target))
    assert "exists already" in said("cp", "retri/fingerclip/rwthfs_scratch_pose", str(target), code=2)
    other = tmp_path / "other.yaml"
    assert "optim.epocs" in said("cp", "demo/fingerclip", str(other), "-o", "optim.epocs=3", code=2)
    assert not other.exists()
    said("cp", "demo/fingerclip", str(other), "-o", "optim.epochs=3")
    assert load_experiment(other).optim.epochs == 3


def test_a_table_before_its_predict_job_says_what_to_run(tmp_path: Path) -> None:
    file = tmp_path / "tiny.yaml"
    file.write_text(yaml.safe_dump(tiny_experiment(make_corpus(tmp_path / "corpus"), tmp_path / "runs")))
    assert "--jobtype local_predict" in said("table", str(file), code=2)


def test_schema_is_json_schema() -> None:
    schema = json.loads(said("schema"))
    assert schema["properties"]["optim"]["$ref"].startswith("#/$defs/")


def test_names_lists_parts_and_hints_at_typos() -> None:
    assert "info_nce" in said("names", "loss")
    assert "did you mean 'loss'?" in said("names", "los", code=2)


def test_a_dry_run_prints_the_job_and_writes_nothing(tmp_path: Path) -> None:
    words = (
        "launch",
        "projects/demo/fingerclip.yaml",
        "--dryrun",
        "--seeds",
        "0,1",
        "-o",
        f"job.folder={tmp_path / 'r'}",
    )
    lines = said(*words).splitlines()
    assert len(lines) == 2
    assert "seed-0" in lines[0]
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("words", [["--seed", "0"], ["--jobtype", "nowhere"]])
def test_a_mistake_in_the_words_of_locallaunch_is_a_sentence(words: list[str]) -> None:
    command = [sys.executable, str(ROOT / "locallaunch.py"), "projects/demo/fingerclip.yaml", *words]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=120, check=False)
    assert done.returncode == 2
    assert words[0] in done.stderr
    assert "Traceback" not in done.stderr


def test_the_exit_code_of_locallaunch_is_the_job_s_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmpt_sign.launch.local.run_here", lambda job: 130)
    monkeypatch.setattr(sys, "argv", ["locallaunch.py", "projects/demo/fingerclip.yaml"])
    with pytest.raises(SystemExit) as end:
        launch_app()
    assert end.value.code == 130


def test_an_unknown_job_type_is_a_sentence() -> None:
    text = said("launch", "projects/demo/fingerclip.yaml", "--jobtype", "local_singel", code=2)
    assert "did you mean 'local_single'?" in text


def test_a_missing_model_says_what_was_looked_for(tmp_path: Path) -> None:
    text = said("score", "x.pose", "house", "--model", str(tmp_path / "nothing"), code=2)
    assert "looked for config.json" in text


def test_data_check_passes_a_good_folder_and_lists_every_problem_of_a_bad_one(tmp_path: Path) -> None:
    good = make_corpus(tmp_path / "good")
    said("data", "check", str(good))
    bad = make_corpus(tmp_path / "bad")
    (bad / "sun-2.npy").unlink()
    table = (bad / "index.csv").read_text().replace("house-3,", "house-2,", 1).replace(",ase,", ",asl,", 1)
    (bad / "index.csv").write_text(table)
    text = said("data", "check", str(bad), code=2)
    assert "sun-2" in text
    assert "house-2" in text
    assert "asl" in text


def test_train_predict_score_search_and_results_from_the_shell(tmp_path: Path) -> None:
    corpus = make_corpus(tmp_path / "corpus")
    file = tmp_path / "tiny.yaml"
    file.write_text(yaml.safe_dump(tiny_experiment(corpus, tmp_path / "runs", epochs=6)))
    said("launch", str(file))
    said("launch", str(file), "--jobtype", "local_predict")
    run = tmp_path / "runs" / "test" / "tiny"
    assert {p.name for p in (run / "eval" / "folder_test").iterdir()} >= {
        "metrics.csv",
        "predictions.csv",
        "embeddings.npz",
    }
    clip = str(corpus / "house-0.npy")
    rows = json.loads(said("score", clip, "<en> <ase> house", "<en> <ase> sun", "--model", str(run), "--json"))
    assert [row["prompt"] for row in rows] == ["<en> <ase> house", "<en> <ase> sun"]
    assert rows[0]["score"] > rows[1]["score"]
    hits = said("search", "<en> <ase> house", "--among", str(corpus), "--model", str(run), "-k", "3").splitlines()
    assert len(hits) == 3
    assert "house" in hits[0]
    tables = said("results", str(tmp_path / "runs"), "--out", str(tmp_path / "results")).split()
    assert tables
    assert all(Path(table).is_file() for table in tables)
    vectors = tmp_path / "v.npy"
    assert "1 vectors of 32 numbers" in said("embed", clip, "-o", str(vectors), "--model", str(run))
