"""The published tables of sentence retrieval: their numbers on the cases that were worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.evaluation.bootstrap import intervals
from mmpt_sign.evaluation.metrics import query_ranks, retrieval, selection, summary

TAKES = ["a", "b", "b", "c"]
SCORES = np.array([[0.9, 0.1, 0.2], [0.3, 0.5, 0.6], [0.2, 0.8, 0.1], [0.4, 0.7, 0.65]])
TIED = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]])


def test_three_groups_of_one_two_and_one_take() -> None:
    found = query_ranks(SCORES, TAKES, ["a", "b", "c"], "cico")
    assert found["video_to_text"].rank.tolist() == [1, 2, 1, 2]
    assert found["text_to_video"].rank.tolist() == [1, 1, 1]
    assert found["text_to_video"].gallery.tolist() == [3, 3, 3]
    to_text = summary(found["video_to_text"])
    assert (to_text["R@1"], to_text["MeanR"], to_text["MedR"]) == (0.5, 1.5, 1.0)
    strict = retrieval(SCORES, TAKES, ["a", "b", "c"])["video_to_text"]
    assert (strict["R@1"], strict["MeanR"], strict["MedR"]) == (0.5, 1.5, 1.5)


def test_a_tied_query_counts_several_times() -> None:
    """Rows of the worked table are sentences, so it is turned over."""
    found = query_ranks(TIED.T, ["a", "b", "c"], ["a", "b", "c"], "cico")["text_to_video"]
    assert sorted(found.rank.tolist()) == [1, 1, 1, 2]
    assert found.query.tolist().count(0) == 2
    figures = summary(found)
    assert (figures["R@1"], figures["MeanR"]) == (0.75, 1.25)
    strict = query_ranks(TIED.T, ["a", "b", "c"], ["a", "b", "c"], gallery="group")["text_to_video"]
    assert strict.rank.tolist() == [1.5, 1, 1]


def test_without_ties_it_agrees_with_the_strict_ranks_of_groups() -> None:
    rng = np.random.default_rng(3)
    takes = [str(k) for k in [*range(20), *rng.integers(20, size=15)]]
    scores = rng.normal(size=(35, 20)).astype(np.float32)
    groups = [str(k) for k in range(20)]
    cico, strict = (query_ranks(scores, takes, groups, mode, "group") for mode in ("cico", "strict"))
    for direction in ("video_to_text", "text_to_video"):
        np.testing.assert_array_equal(cico[direction].rank, strict[direction].rank)
    interval = intervals(cico["video_to_text"], takes)
    assert interval["MedR"][0] <= summary(cico["video_to_text"])["MedR"] <= interval["MedR"][1]


def test_selection_works_with_groups() -> None:
    by_group = retrieval(SCORES, TAKES, ["a", "b", "c"], gallery="group")
    by_video = retrieval(SCORES, TAKES, ["a", "b", "c"])
    assert by_group["text_to_video"]["R@1"] == 1.0
    assert selection(by_group) == pytest.approx((1.0 + 0.5 ** (1 / 3)) / 2)
    assert selection(by_group) >= selection(by_video)


def test_equal_columns_are_refused_and_so_is_an_unknown_mode() -> None:
    with pytest.raises(DataError, match="one column per group"):
        query_ranks(SCORES, TAKES, ["a", "b", "b"], "cico")
    with pytest.raises(ConfigError, match="unknown mode"):
        query_ranks(SCORES, TAKES, ["a", "b", "c"], "cyco")  # type: ignore[arg-type]
