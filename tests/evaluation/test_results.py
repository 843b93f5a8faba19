"""Tables out of runs: complete, repeatable, with the published figures beside ours."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.results import PUBLISHED, collect, t_half_width
from mmpt_sign.evaluation.tasks.retrieval import Retrieval
from mmpt_sign.files import read_csv
from tests.evaluation.made import MadeModel, records

SHIPPED = Path(__file__).resolve().parents[2] / "results" / PUBLISHED


def a_run(folder: Path, evaluation: str, seed: int, noise: float = 0.6, notes: str = "", **options: Any) -> None:
    Retrieval(bootstrap=20, **options).run(MadeModel(noise), records(), folder / "eval" / evaluation)
    (folder / "config.yaml").write_text(yaml.safe_dump({"seed": seed, "notes": notes}), encoding="utf-8")


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
    assert [path.name for path in written] == ["runs.csv", "summary.csv"]
    rows = read_csv(written[0])
    assert len(rows) == 3 * 4 + 2
    assert {(row["experiment"], row["seed"]) for row in rows} == {
        ("retri/fingerclip/plain", "5"),
        *(("retri/fingerclip/rwthfs_scratch_pose", seed) for seed in "012"),
    }
    assert rows[-1]["notes"] == "full pose"


def test_mean_and_interval_over_seeds(runs: Path, tmp_path: Path) -> None:
    _, path = collect(runs, tmp_path / "results")
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
    assert written[-1].name == "results_rwthfs.csv"
    (row,) = read_csv(written[-1])
    assert list(row)[:10] == [
        *("name", "T2V_P@1", "T2V_P@5", "T2V_P@10", "T2V_Median R"),
        *("V2T_R@1", "V2T_R@5", "V2T_R@10", "V2T_Median R", "notes"),
    ]
    assert row["name"] == "rwthfs_scratch_pose"
    assert row["notes"] == "full pose; mean of 3 seeds"
    assert float(row["V2T_R@1_published"]) == 0.6797
    difference = float(row["V2T_R@1"]) - 0.6797
    assert float(row["V2T_R@1_difference"]) == pytest.approx(difference, abs=1e-4)


def test_a_test_that_asks_something_else_has_its_own_name(runs: Path, tmp_path: Path) -> None:
    run = runs / "retri" / "fingerclip" / "rwthfs_videoclip"
    a_run(run, "rwth_fingerspelling_test_test_rwthfs_zs", 1, mode="legacy")
    out = tmp_path / "results"
    out.mkdir()
    (out / PUBLISHED).write_bytes(SHIPPED.read_bytes())
    names = [row["name"] for row in read_csv(collect(runs, out)[-1])]
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


def test_half_width_of_a_t_interval() -> None:
    assert t_half_width([1.0, 2.0, 3.0]) == pytest.approx(4.302653 / math.sqrt(3))


def test_the_shipped_figures_are_complete() -> None:
    rows = read_csv(SHIPPED)
    assert {table: sum(row["table"] == table for row in rows) for table in ("rwthfs", "asl_signs")} == {
        "rwthfs": 10,
        "asl_signs": 8,
    }
    assert all(0 <= float(row["V2T_R@1"]) <= float(row["V2T_R@5"]) <= float(row["V2T_R@10"]) <= 1 for row in rows)
