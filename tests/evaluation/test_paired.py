"""Two runs on the same queries: oracle tests of every figure, and refusal to pair what is no pair."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.paired import classes_moved, differences, holm, two_sided
from mmpt_sign.evaluation.predicted import Answered, predictions_of, read_answers
from mmpt_sign.evaluation.tasks.retrieval import Retrieval
from mmpt_sign.files import read_csv
from mmpt_sign.records import Record
from tests.evaluation.made import MadeModel, records


def a_run(folder: Path, noise: float, given: list[Record] | None = None, **options: object) -> Path:
    evaluation = folder / "eval" / "made_test"
    task = Retrieval(bootstrap=0, plots=False, **options)
    task.run(MadeModel(noise), given or records(takes=10), evaluation)
    return folder


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    place = tmp_path_factory.mktemp("pair")
    return a_run(place / "weak", 1.2), a_run(place / "strong", 0.5)


def answers(first: Path, second: Path) -> tuple[Answered, Answered]:
    one, other = predictions_of(first, second)
    return read_answers(str(first), one), read_answers(str(second), other)


def test_differences_of_the_figures(pair: tuple[Path, Path]) -> None:
    rows = {(row["direction"], row["figure"]): row for row in differences(*answers(*pair), samples=2000)}
    for run, column in zip(pair, ("first", "second"), strict=True):
        for metrics in read_csv(run / "eval" / "made_test" / "metrics.csv"):
            for figure in ("R@1", "R@5", "R@10", "MRR", "MeanR"):
                row = rows[metrics["direction"], figure]
                assert row[column] == pytest.approx(float(metrics[figure]), rel=1e-4)
                assert row["difference"] == pytest.approx(row["second"] - row["first"])
                assert row["low"] <= row["difference"] <= row["high"]
    better = rows["video_to_text", "R@1"]
    assert better["low"] > 0
    assert better["p"] < 0.01


def test_the_interval_is_that_of_paired_queries(pair: tuple[Path, Path]) -> None:
    """Half of a 95 % interval is near 1.96 standard errors of the differences query by query."""
    row = next(r for r in differences(*answers(*pair)) if (r["direction"], r["figure"]) == ("video_to_text", "MRR"))
    ranks = [
        {r["query_id"]: float(r["rank"]) for r in read_csv(run / "eval" / "made_test" / "predictions.csv")}
        for run in pair
    ]
    clips = [key for key in ranks[0] if "<" not in key]
    gaps = np.array([1 / ranks[1][key] - 1 / ranks[0][key] for key in clips])
    error = gaps.std(ddof=1) / math.sqrt(len(gaps))
    assert row["difference"] == pytest.approx(gaps.mean())
    assert (row["high"] - row["low"]) / 2 == pytest.approx(1.96 * error, rel=0.1)


def test_mcnemar_counts_and_p_by_hand(pair: tuple[Path, Path]) -> None:
    row = next(r for r in differences(*answers(*pair)) if (r["direction"], r["figure"]) == ("video_to_text", "R@1"))
    right = [
        {r["query_id"]: float(r["rank"]) <= 1 for r in read_csv(run / "eval" / "made_test" / "predictions.csv")}
        for run in pair
    ]
    clips = [key for key in right[0] if "<" not in key]
    only = [sum(right[i][key] and not right[1 - i][key] for key in clips) for i in (0, 1)]
    assert [row["only_first"], row["only_second"]] == only
    count, fewer = sum(only), min(only)
    tail = sum(math.comb(count, k) for k in range(fewer + 1)) / 2**count
    assert row["p_mcnemar"] == pytest.approx(min(1.0, 2 * tail))


def test_a_run_does_not_differ_from_itself(pair: tuple[Path, Path]) -> None:
    for row in differences(*answers(pair[0], pair[0]), samples=200):
        assert (row["difference"], row["low"], row["high"], row["p"]) == (0, 0, 0, 1)
    assert {row["p_corrected"] for row in classes_moved(*answers(pair[0], pair[0]))} == {1.0}


def test_groups_widen_the_interval_where_queries_hang_together(pair: tuple[Path, Path]) -> None:
    by_query, by_gold = (
        next(r for r in differences(*answers(*pair), resample=kind) if r["direction"] == "video_to_text")
        for kind in ("query", "gold")
    )
    assert by_query["difference"] == by_gold["difference"]
    assert by_gold["resampled"] == "gold"
    assert by_gold["high"] - by_gold["low"] != by_query["high"] - by_query["low"]


def test_classes_that_moved(pair: tuple[Path, Path]) -> None:
    rows = [row for row in classes_moved(*answers(*pair)) if row["direction"] == "video_to_text"]
    assert len(rows) == 8
    assert {row["n_queries"] for row in rows} == {10}
    gaps = [abs(row["difference"]) for row in rows]
    assert gaps == sorted(gaps, reverse=True)
    whole = next(r for r in differences(*answers(*pair)) if (r["direction"], r["figure"]) == ("video_to_text", "R@1"))
    assert np.mean([row["difference"] for row in rows]) == pytest.approx(whole["difference"])
    assert all(row["p"] <= row["p_corrected"] <= 1 for row in rows)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_p_counts_the_smaller_side_twice() -> None:
    assert two_sided(np.array([1.0] * 98 + [-1.0])) == pytest.approx(2 * 2 / 100)
    assert two_sided(np.zeros(99)) == 1.0


def test_seeds_are_averaged(tmp_path: Path) -> None:
    for seed, noise in enumerate((0.8, 1.0, 1.2)):
        a_run(tmp_path / "many" / f"seed-{seed}", noise)
    one, other = answers(tmp_path / "many", a_run(tmp_path / "single", 0.5))
    assert one.ranks["video_to_text"].shape == (80, 3)
    row = next(r for r in differences(one, other, samples=200) if r["figure"] == "R@1")
    files = [tmp_path / "many" / f"seed-{seed}" / "eval" / "made_test" / "metrics.csv" for seed in range(3)]
    wanted = [float(read_csv(file)[0]["R@1"]) for file in files]
    assert row["first"] == pytest.approx(np.mean(wanted), rel=1e-4)
    assert "p_mcnemar" not in row


def test_what_is_no_pair_is_refused(pair: tuple[Path, Path], tmp_path: Path) -> None:
    fewer = a_run(tmp_path / "fewer", 0.5, records(takes=9))
    with pytest.raises(DataError, match=r"different queries \(video to text\): 72 in both, 8 only in .*weak"):
        differences(*answers(pair[0], fewer))
    harder = a_run(tmp_path / "harder", 0.5, candidates="vocabulary")
    with pytest.raises(DataError, match="chose among 8 and 10 candidates"):
        differences(*answers(pair[0], harder))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="run a predict job first"):
        answers(pair[0], tmp_path / "empty")
    broken = tmp_path / "predictions.csv"
    broken.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="not the predictions"):
        answers(pair[0], broken)
    broken.write_bytes(b"\xcd" * 100_000)
    with pytest.raises(DataError, match="not the predictions") as failed:
        answers(pair[0], broken)
    assert len(str(failed.value)) < 200 + len(str(broken))


def test_which_evaluation_is_meant(pair: tuple[Path, Path], tmp_path: Path) -> None:
    run = a_run(tmp_path / "run", 0.5)
    other = Retrieval(bootstrap=0, plots=False, candidates="vocabulary")
    for place in (run, pair[0]):
        other.run(MadeModel(0.5), records(takes=10), place / "eval" / "made_test_hard")
    with pytest.raises(DataError, match="share several evaluations: made_test, made_test_hard"):
        predictions_of(run, pair[0])
    assert predictions_of(run, pair[0], "made_test_hard")[0] == [run / "eval" / "made_test_hard" / "predictions.csv"]
    assert predictions_of(run, pair[1])[0][0].parent.name == "made_test"  # the only one that both have
    with pytest.raises(DataError, match="no evaluation 'made'"):
        predictions_of(run, pair[0], "made")
    named = predictions_of(run / "eval" / "made_test", pair[1] / "eval" / "made_test" / "predictions.csv")
    assert [paths[0].name for paths in named] == ["predictions.csv"] * 2
