"""Tables out of runs: complete, repeatable, with the published figures beside ours."""

from __future__ import annotations

import json
import math
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.published import PUBLISHED
from mmpt_sign.evaluation.results import collect
from mmpt_sign.evaluation.tasks.dictionary import Dictionary
from mmpt_sign.evaluation.tasks.retrieval import Retrieval
from mmpt_sign.files import read_csv
from tests.evaluation.made import MadeModel, records

SENTENCES = ("how2sign", "phoenix14t", "csl_daily")
SHIPPED = Path(__file__).resolve().parents[2] / "results" / PUBLISHED


def a_run(folder: Path, evaluation: str, seed: int, noise: float = 0.6, notes: str = "", **options: Any) -> None:
    Retrieval(bootstrap=20, plots=False, **options).run(MadeModel(noise), records(), folder / "eval" / evaluation)
    (folder / "config.yaml").write_text(yaml.safe_dump({"seed": seed, "notes": notes}), encoding="utf-8")


@pytest.fixture(autouse=True)
def without_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No table of published figures in the working directory."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    base = tmp_path / "runs" / "retri" / "fingerclip"
    for seed, noise in ((0, 0.4), (1, 0.6), (2, 0.8)):
        run = base / "rwthfs_scratch_pose" / f"seed-{seed}"
        a_run(run, "rwth_fingerspelling_test", seed, noise, "full pose", mode="both")
    a_run(base / "plain", "made_test", 5)
    return tmp_path / "runs"


def test_every_row_of_every_run(runs: Path, tmp_path: Path) -> None:
    written = collect(runs, tmp_path / "results")
    assert [path.name for path in written] == ["runs.csv", "summary.csv", "results.md", "results.html"]
    rows = read_csv(written[0])
    assert len(rows) == 3 * 4 + 2
    assert {(row["experiment"], row["seed"]) for row in rows} == {
        ("retri/fingerclip/plain", "5"),
        *(("retri/fingerclip/rwthfs_scratch_pose", seed) for seed in "012"),
    }
    assert rows[-1]["notes"] == "full pose"


def test_mean_and_interval_over_seeds(runs: Path, tmp_path: Path) -> None:
    _, path, *_ = collect(runs, tmp_path / "results")
    summary = read_csv(path)
    assert len(summary) == 4 + 2
    strict = next(row for row in summary if row["n_seeds"] == "3" and row["mode"] == "strict")
    values = [
        float(row["R@1"])
        for seed in "012"
        for row in read_csv(
            runs / f"retri/fingerclip/rwthfs_scratch_pose/seed-{seed}/eval/rwth_fingerspelling_test/metrics.csv"
        )
        if (row["mode"], row["direction"]) == ("strict", strict["direction"])
    ]
    assert float(strict["R@1"]) == pytest.approx(np.mean(values), rel=1e-4)
    half = 4.302653 * np.std(values, ddof=1) / math.sqrt(3)
    assert float(strict["R@1_high"]) == pytest.approx(np.mean(values) + half, rel=1e-4)
    assert strict["seeds"] == "0 1 2"
    single = next(row for row in summary if row["n_seeds"] == "1")
    assert single["R@1_low"] == ""


def test_published_figures_stand_beside_ours(runs: Path, tmp_path: Path) -> None:
    out = tmp_path / "results"
    out.mkdir()
    (out / PUBLISHED).write_bytes(SHIPPED.read_bytes())
    written = collect(runs, out)
    assert [path.name for path in written[2:]] == ["results_rwthfs.csv", "results.md", "results.html"]
    (row,) = read_csv(written[2])
    assert list(row)[:10] == [
        *("name", "T2V_P@1", "T2V_P@5", "T2V_P@10", "T2V_Median R"),
        *("V2T_R@1", "V2T_R@5", "V2T_R@10", "V2T_Median R", "notes"),
    ]
    assert row["name"] == "rwthfs_scratch_pose"
    assert row["notes"] == "full pose; mean of 3 seeds"
    assert float(row["V2T_R@1_published"]) == 0.6797
    difference = float(row["V2T_R@1"]) - 0.6797
    assert float(row["V2T_R@1_difference"]) == pytest.approx(difference, abs=1e-4)
    assert row["seeds"] == "3"
    assert float(row["V2T_R@1_low"]) < float(row["V2T_R@1"]) < float(row["V2T_R@1_high"])


def test_the_published_figures_of_a_clone_are_found_from_another_folder(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(SHIPPED.parent.parent)
    written = collect(runs, tmp_path / "mine")
    assert tmp_path / "mine" / "results_rwthfs.csv" in written


def test_a_test_that_asks_something_else_has_its_own_name(runs: Path, tmp_path: Path) -> None:
    run = runs / "retri" / "fingerclip" / "rwthfs_videoclip"
    a_run(run, "rwth_fingerspelling_test_test_rwthfs_zs", 1, mode="legacy")
    out = tmp_path / "results"
    out.mkdir()
    (out / PUBLISHED).write_bytes(SHIPPED.read_bytes())
    names = [row["name"] for row in read_csv(collect(runs, out)[2])]
    assert names == ["rwthfs_scratch_pose", "rwthfs_zs"]


def test_the_same_runs_give_the_same_bytes(runs: Path, tmp_path: Path) -> None:
    first = [path.read_bytes() for path in collect(runs, tmp_path / "a")]
    again = [path.read_bytes() for path in collect(runs, tmp_path / "a")]
    other = [path.read_bytes() for path in collect(runs, tmp_path / "b")]
    assert first == again == other


def test_a_seed_that_ran_twice_counts_once(runs: Path, tmp_path: Path) -> None:
    a_run(runs / "retri" / "fingerclip" / "rwthfs_scratch_pose", "rwth_fingerspelling_test", 1, 2.0, mode="strict")
    summary = read_csv(collect(runs, tmp_path / "results")[1])
    assert {row["n_seeds"] for row in summary if row["experiment"].endswith("rwthfs_scratch_pose")} == {"3"}


def test_no_runs_and_foreign_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="run a predict job first"):
        collect(tmp_path, tmp_path / "results")
    folder = tmp_path / "runs" / "x" / "eval" / "made_test"
    folder.mkdir(parents=True)
    (folder / "metrics.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="not a table of metrics"):
        collect(tmp_path / "runs", tmp_path / "results")


def test_the_shipped_figures_are_complete() -> None:
    rows = read_csv(SHIPPED)
    counts = Counter((row["table"], row["dataset"]) for row in rows)
    assert counts == {
        ("rwthfs", "rwth_fingerspelling"): 10, ("asl_signs", "asl_signs"): 8, ("sign_clip", "asl_signs"): 9,
        ("paper", "spreadthesign"): 14, ("paper", "asl_signs"): 13, ("paper", "asl_citizen"): 13,
        ("paper", "sem_lex"): 13, ("sign_clip_sp", "spreadthesign"): 4,
        **{("cico", dataset): 1 for dataset in SENTENCES}, **{("seds", dataset): 3 for dataset in SENTENCES},
    }  # fmt: skip
    assert max(Counter((row["table"], row["dataset"], row["name"]) for row in rows).values()) == 1
    assert all(0 <= float(row["V2T_R@1"]) <= float(row["V2T_R@5"]) <= float(row["V2T_R@10"]) <= 1 for row in rows)


def test_the_paper_has_one_row_per_experiment_over_four_data_sets(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "retri" / "signclip_v1_1" / "baseline_temporal"
    a_run(run, "spreadthesign_test", 1, mode="both")
    a_run(run, "asl_citizen_test_in_vocabulary", 1, 0.9, mode="legacy", queries="seen")
    a_run(run, "asl_signs_test_test_baseline_temporal_zs", 1, 0.7, mode="legacy")
    a_run(run, "asl_citizen_test_test_baseline_temporal_zs_flip", 1, 1.5, mode="legacy")
    a_run(run, "sem_lex_test_vocabulary", 1, 0.7, mode="legacy", candidates="vocabulary")  # another question
    (run / "model").mkdir()
    header = json.dumps({"a": {"shape": [3, 4]}, "b": {"shape": []}, "__metadata__": {}}).encode()
    (run / "model" / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    steps = [{"update": 10 * i, "loss": 1.0, "examples": 64, "examples_per_s": 6.4} for i in range(1, 181)]
    (run / "train.jsonl").write_text("\n".join(map(json.dumps, steps)) + '\n{"upd')
    out = tmp_path / "results"
    out.mkdir()
    (out / PUBLISHED).write_bytes(SHIPPED.read_bytes())
    (path,) = [path for path in collect(tmp_path / "runs", out) if path.name == "results_paper.csv"]
    row, flipped = sorted(read_csv(path), key=lambda row: row["name"])
    assert flipped["name"] == "baseline_temporal_flip"
    assert flipped["AC V2T_R@1"]
    assert not flipped["V2T_R@1"]
    first = [f"{prefix}{column}" for prefix in ("", "AS ", "AC ", "SL ") for column in list(row)[1:9]]
    assert list(row)[:35] == ["name", *first, "#params", "time"]
    assert (row["name"], row["#params"], row["time"], row["time_published"]) == (
        "baseline_temporal",
        "13",
        "5.0 h",
        "62 h",
    )
    assert all(row[column] for column in first if not column.startswith("SL "))
    assert not row["SL V2T_R@1"]
    assert float(row["AC V2T_R@1_published"]) == 0.0237
    in_vocabulary = read_csv(run / "eval" / "asl_citizen_test_in_vocabulary" / "metrics.csv")[1]
    assert float(row["AC V2T_R@1"]) == pytest.approx(float(in_vocabulary["R@1"]), abs=1e-4)


def test_sentences_stand_in_one_row_each_counted_as_published(tmp_path: Path) -> None:
    project = tmp_path / "runs" / "retri" / "cico"
    for name, dataset in (("phoenix14t_faithful", "phoenix14t"), ("how2sign_faithful", "how2sign")):
        a_run(project / name, f"{dataset}_test", 1, mode=["strict", "cico"], gallery="both")
    out = tmp_path / "results"
    out.mkdir()
    (out / PUBLISHED).write_bytes(SHIPPED.read_bytes())
    (path,) = [path for path in collect(tmp_path / "runs", out) if path.name.startswith("results_")]
    rows = {row["name"]: row for row in read_csv(path)}
    assert path.name == "results_cico.csv"
    assert set(rows) == {"phoenix14t_faithful", "how2sign_faithful"}
    row = rows["phoenix14t_faithful"]
    assert list(row)[:10] == [
        *("name", "T2V_R@1", "T2V_R@5", "T2V_R@10", "T2V_Median R"),
        *("V2T_R@1", "V2T_R@5", "V2T_R@10", "V2T_Median R", "notes"),
    ]
    assert float(row["T2V_R@1_published"]) == 0.695
    measured = read_csv(project / "phoenix14t_faithful" / "eval" / "phoenix14t_test" / "metrics.csv")
    (found,) = [one for one in measured if (one["mode"], one["direction"]) == ("cico", "text_to_video")]
    assert float(row["T2V_R@1"]) == pytest.approx(float(found["R@1"]), abs=1e-4)
    assert float(row["T2V_R@1_difference"]) == pytest.approx(float(found["R@1"]) - 0.695, abs=1e-4)


def test_half_written_runs_are_named_and_stop_nothing(runs: Path, tmp_path: Path) -> None:
    good = runs / "retri" / "fingerclip" / "plain" / "eval" / "made_test" / "metrics.csv"
    whole = good.read_text()
    cut = {"empty": "", "header": whole.splitlines()[0] + "\n", "cut": whole[:-40], "half": whole[: len(whole) // 2],
           "foreign": "a,b\n1,2\n", "binary": "\udcff"}  # fmt: skip
    for name, text in cut.items():
        folder = runs / "broken" / name / "eval" / "made_test"
        folder.mkdir(parents=True)
        (folder / "metrics.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
        (folder.parents[1] / "config.yaml").write_text("seed: [1,")
    (runs / "training" / "checkpoints").mkdir(parents=True)
    (runs / "training" / "train.jsonl").write_text('{"update": 1')
    (runs / "retri" / "fingerclip" / "plain" / "experiment.json").write_text('{"seed": 5, "no')
    written = collect(runs, tmp_path / "results")
    assert len(read_csv(written[0])) == 3 * 4 + 2
    assert {row["seed"] for row in read_csv(written[0])} == {"0", "1", "2", "5"}
    assert written[-1].name == "skipped.csv"
    skipped = read_csv(written[-1])
    assert {row["file"].split("/")[1] for row in skipped} == set(cut)
    assert all(row["problem"] for row in skipped)


def test_two_hundred_runs_take_less_than_five_seconds(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "made" / "experiment0"
    a_run(run, "made_test", 1, mode="both", per=("sign_language", "signer"))
    config = {
        "seed": 1,
        "notes": "",
        "streams": {f"stream{i}": {"kind": "pose", "points": ["a"] * 40} for i in range(4)},
    }
    metrics, text = (run / "eval" / "made_test" / "metrics.csv").read_text(), yaml.safe_dump(config)
    for i in range(40):
        for seed in range(5):
            folder = tmp_path / "runs" / "made" / f"experiment{i}" / f"seed-{seed}"
            (folder / "eval" / "made_test").mkdir(parents=True)
            (folder / "checkpoints").mkdir()
            (folder / "eval" / "made_test" / "metrics.csv").write_text(metrics)
            (folder / "config.yaml").write_text(text)
    start = time.perf_counter()
    written = collect(tmp_path / "runs", tmp_path / "results")
    assert time.perf_counter() - start < 5
    assert len(read_csv(written[1])) == 40 * 4


def test_figures_of_other_tasks_are_collected(tmp_path: Path) -> None:
    for seed, noise in ((0, 0.2), (1, 0.9)):
        folder = tmp_path / "runs" / "a" / f"seed-{seed}" / "eval" / "made_test_dictionary"
        Dictionary(bootstrap=0, plots=False, entries=("texts",)).run(MadeModel(noise), records(), folder)
    written = {path.name: path for path in collect(tmp_path / "runs", tmp_path / "results")}
    assert set(written) == {"figures.csv", "results.md", "results.html"}
    rows = {row["figure"]: row for row in read_csv(written["figures.csv"])}
    files = sorted((tmp_path / "runs").rglob("dictionary.csv"))
    values = [float(read_csv(path)[0]["DCG"]) for path in files]
    assert (rows["texts/DCG"]["n_seeds"], rows["texts/DCG"]["task"]) == ("2", "dictionary")
    assert float(rows["texts/DCG"]["value"]) == pytest.approx(np.mean(values), rel=1e-4)


def test_the_pages_show_every_row_and_escape_what_they_show(runs: Path, tmp_path: Path) -> None:
    a_run(runs / "retri" / "fingerclip" / "rwthfs_scratch_hand_dominant", "rwth_fingerspelling_test", 1, mode="both",
          notes="<script>a|b</script>")  # fmt: skip
    out = tmp_path / "results"
    out.mkdir()
    (out / PUBLISHED).write_bytes(SHIPPED.read_bytes())
    collect(runs, out)
    page, text = (out / "results.html").read_text(), (out / "results.md").read_text()
    assert "<script>" not in page
    assert "&lt;script&gt;a|b&lt;/script&gt;" in page
    assert "a\\|b" in text
    assert text.count("| rwthfs_scratch_pose |") == 1
    assert page.count("<tr>") == page.count("</tr>") == (1 + 2) + (1 + 4 + 2 + 4)
    assert len({line.count(" | ") for line in text.splitlines() if line.startswith("| retri")}) == 1
