"""Intervals: right for known cases, wider for dependent queries, repeatable."""

from __future__ import annotations

import numpy as np
import pytest

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation import query_ranks, scores, summary
from mmpt_sign.evaluation.bootstrap import intervals
from mmpt_sign.evaluation.ranking import Mode, Ranking


def ranking(n: int = 200, seed: int = 0, mode: Mode = "strict", answers: int | None = None) -> Ranking:
    rng = np.random.default_rng(seed)
    owners = np.arange(n) % (answers or n)
    matrix = rng.standard_normal((n, n)) + 2.5 * (owners[:, None] == owners)
    return query_ranks(matrix, owners, owners, mode)["text_to_video"]


@pytest.mark.parametrize("mode", ["strict", "legacy"])
def test_every_metric_lies_in_its_interval(mode: Mode) -> None:
    found = ranking(mode=mode, answers=60)
    values, ends = summary(found), intervals(found)
    assert set(ends) == set(values)
    for name, (low, high) in ends.items():
        assert low <= values[name] <= high, name


def test_recall_has_the_width_of_a_share() -> None:
    found = ranking(400)
    share = summary(found)["R@1"]
    low, high = intervals(found, samples=4000)["R@1"]
    assert high - low == pytest.approx(2 * 1.96 * np.sqrt(share * (1 - share) / 400), rel=0.1)


def test_more_queries_make_it_narrower() -> None:
    narrow, wide = (intervals(ranking(n))["MRR"] for n in (800, 50))
    assert narrow[1] - narrow[0] < wide[1] - wide[0]


def test_the_same_seed_gives_the_same_interval_whatever_the_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ranking()
    first = intervals(found, seed=3)
    assert intervals(found, seed=3) == first
    assert intervals(found, seed=4) != first
    monkeypatch.setattr(scores, "CELLS", 1000)
    cut = intervals(found, seed=3)
    assert all(cut[name] == pytest.approx(first[name]) for name in first)


def test_groups_that_agree_make_it_wider() -> None:
    one = ranking(100)
    copies = one.subset(np.repeat(np.arange(100), 10))
    alone, grouped = intervals(copies), intervals(copies, groups=np.repeat(np.arange(100), 10))
    assert grouped["R@1"][1] - grouped["R@1"][0] > 2 * (alone["R@1"][1] - alone["R@1"][0])
    assert grouped["R@1"] == pytest.approx(intervals(one)["R@1"])
    assert grouped["MedR"] == pytest.approx(intervals(one)["MedR"])


def test_medians_are_those_of_numpy() -> None:
    found = ranking(31)
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, 31, (200, 31))
    wanted = np.quantile(np.median(found.rank[drawn], axis=1), [0.025, 0.975])
    assert intervals(found, samples=200)["MedR"] == pytest.approx(tuple(wanted))


def test_degenerate_cases() -> None:
    single = query_ranks([[1.0, 0.0]], ["a"], ["a", "b"])["video_to_text"]
    assert intervals(single)["R@1"] == (1.0, 1.0)
    with pytest.raises(DataError, match="as many groups"):
        intervals(single, groups=["x", "y"])
    with pytest.raises(DataError, match="no queries"):
        intervals(single.subset(np.array([False])))
