"""The public metric function: golden tables, obvious oracles, and properties that any fair metric has."""

from __future__ import annotations

import subprocess
import sys
import time
from random import Random
from typing import Any, cast

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.metrics import as_published
from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.evaluation import query_ranks, retrieval, selection, summary
from mmpt_sign.evaluation.metrics import METRICS
from mmpt_sign.evaluation.ranking import DIRECTIONS, Gallery
from tests.evaluation import oracle
from tests.evaluation.oracle import Case, cases, close

TAKES = [[0.9, 0.1, 0.2], [0.3, 0.5, 0.6], [0.2, 0.8, 0.1], [0.4, 0.7, 0.65]]
GROUPS, SENTENCES = [0, 1, 1, 2], [0, 1, 2]


def test_three_groups_with_takes() -> None:
    found = query_ranks(TAKES, GROUPS, SENTENCES)
    assert found["video_to_text"].rank.tolist() == [1, 2, 1, 2]
    assert found["text_to_video"].rank.tolist() == [1, 1, 1]
    metrics = retrieval(TAKES, GROUPS, SENTENCES)["video_to_text"]
    assert (metrics["R@1"], metrics["MeanR"], metrics["MedR"], metrics["MRR"]) == (0.5, 1.5, 1.5, 0.75)


def test_a_group_scores_its_best_take() -> None:
    grouped = query_ranks(TAKES, GROUPS, SENTENCES, gallery="group")["text_to_video"]
    assert grouped.rank.tolist() == [1, 1, 1]
    assert grouped.gallery.tolist() == [3, 3, 3]
    assert grouped.positives.tolist() == [1, 1, 1]
    worse = [[0.9, 0.1, 0.2], [0.3, 0.5, 0.6], [0.2, 0.8, 0.7], [0.4, 0.7, 0.65]]
    by_clip, by_group = (query_ranks(worse, GROUPS, SENTENCES, gallery=g)["text_to_video"] for g in ("video", "group"))
    assert (by_clip.rank.tolist(), by_clip.gallery.tolist()) == ([1, 1, 2], [4, 4, 4])
    assert by_group.rank.tolist() == [1, 1, 2]
    two_takes_above = query_ranks([[0.9], [0.8], [0.5]], [0, 0, 1], [1])["text_to_video"]
    assert two_takes_above.rank.tolist() == [3]
    assert query_ranks([[0.9], [0.8], [0.5]], [0, 0, 1], [1], gallery="group")["text_to_video"].rank.tolist() == [2]


def test_ties_count_half_and_once() -> None:
    found = query_ranks([[1, 1, 0], [0, 1, 0.5], [0, 0, 1]], "abc", "abc")
    assert found["text_to_video"].rank.tolist() == [1, 1.5, 1]
    assert found["video_to_text"].rank.tolist() == [1.5, 1, 1]
    assert found["video_to_text"].optimistic.tolist() == [1, 1, 1]
    assert found["video_to_text"].pessimistic.tolist() == [2, 1, 1]


def test_a_model_that_scores_everything_equal_is_at_chance() -> None:
    found = retrieval(np.zeros((26, 26)), range(26), range(26))
    for metrics in found.values():
        assert metrics["R@1"] == 0
        assert metrics["MedR"] == 13.5
        assert metrics["P@5"] == pytest.approx(1 / 26)


def test_the_keys_are_the_promised_ones() -> None:
    strict = retrieval(TAKES, GROUPS, SENTENCES)
    assert list(strict) == ["text_to_video", "video_to_text"]
    assert all(set(metrics) == set(METRICS) for metrics in strict.values())
    assert all(isinstance(value, float) for metrics in strict.values() for value in metrics.values())
    legacy = retrieval(TAKES, GROUPS, SENTENCES, mode="legacy")
    assert all(set(metrics) == set(METRICS) - {"MRR"} for metrics in legacy.values())


@given(cases(), st.sampled_from(["video", "group"]))
def test_strict_equals_the_obvious_way(case: Case, gallery: Gallery) -> None:
    close(retrieval(*case, gallery=gallery), oracle.strict(*case, gallery=gallery))


@given(cases(broken=False))
def test_legacy_equals_the_list_by_list_way(case: Case) -> None:
    close(retrieval(*case, mode="legacy"), as_published(*case))


def test_legacy_by_hand() -> None:
    texts, videos = ["house", "sun", "house", "sun"], ["house", "house", "sun", "sun"]
    scores = [[0.9, 0.1, 0.8, 0.2], [0.5, 0.9, 0.1, 0.4], [0.4, 0.6, 0.3, 0.2], [0.1, 0.5, 0.4, 0.9]]
    found = query_ranks(scores, videos, texts, mode="legacy")
    assert found["video_to_text"].rank.tolist() == [1, 2, 1, 1]
    assert found["text_to_video"].query.tolist() == [0, 1]
    assert found["text_to_video"].rank.tolist() == [1, 2]  # 'sun' is asked by its first column: 0.1 0.9 0.6 0.5
    metrics = summary(found["text_to_video"])
    assert metrics["R@1"] == 0.25  # one of all four right clips
    assert metrics["P@1"] == 0.5
    assert (metrics["R@5"], metrics["P@5"], metrics["MedR"]) == (1.0, 0.4, 1.5)


def test_legacy_is_moved_by_what_strict_ignores() -> None:
    """Rounding noise between equal texts puts another text between them, and legacy counts them twice."""
    scores, videos, texts = [[0.90, 0.89, 0.901, 0.5]], ["sun"], ["house", "river", "house", "sun"]
    apart = [[0.88, 0.89, 0.901, 0.5]]
    assert query_ranks(scores, videos, texts, "legacy")["video_to_text"].rank.tolist() == [3]
    assert query_ranks(apart, videos, texts, "legacy")["video_to_text"].rank.tolist() == [4]
    assert query_ranks(apart, videos, texts)["video_to_text"].rank.tolist() == [3]


@given(cases(), st.randoms(use_true_random=False))
def test_order_does_not_matter(case: Case, random: Random) -> None:
    scores, video, text = case
    rows, columns = random.sample(range(len(video)), len(video)), random.sample(range(len(text)), len(text))
    moved = scores[np.ix_(rows, columns)], [video[i] for i in rows], [text[j] for j in columns]
    close(retrieval(*moved), retrieval(*case))


@given(cases())
def test_only_the_order_of_scores_matters(case: Case) -> None:
    scores, video, text = case
    close(retrieval(np.where(np.isfinite(scores), np.exp(scores) * 3 - 7, scores), video, text), retrieval(*case))


@given(cases())
def test_repeating_a_text_changes_nothing(case: Case) -> None:
    scores, video, text = case
    twice = np.concatenate([scores, scores], axis=1)
    close(retrieval(twice, video, text + text), retrieval(*case))


@given(cases())
def test_ranks_stay_within_their_bounds(case: Case) -> None:
    for ranking in query_ranks(*case).values():
        assert (ranking.optimistic >= 1).all()
        assert (ranking.optimistic <= ranking.rank).all()
        assert (ranking.rank <= ranking.pessimistic).all()
        assert (ranking.pessimistic <= ranking.gallery - ranking.positives + 1).all()


@given(cases())
def test_a_better_score_of_a_right_pair_never_harms(case: Case) -> None:
    scores, video, text = case
    better = scores.copy()
    better[0, 0] = 100.0
    for direction, ranking in query_ranks(*case).items():
        after = query_ranks(better, video, text)[direction]
        own = ranking.query == 0
        assert (after.rank[own] <= ranking.rank[own]).all()


def test_scores_that_are_no_numbers_rank_last_and_are_counted() -> None:
    scores = np.array([[np.nan, 0.5, 0.1], [0.3, np.inf, 0.2], [0.1, 0.2, 0.9]])
    found = query_ranks(scores, "abc", "abc")
    assert found["video_to_text"].rank.tolist() == [3, 3, 1]
    assert found["text_to_video"].rank.tolist() == [3, 3, 1]
    assert found["video_to_text"].nonfinite == 2
    lost = retrieval(np.full((4, 4), np.nan), "abcd", "abcd")["video_to_text"]
    assert (lost["R@1"], lost["MedR"]) == (0.0, 2.5)


def test_clips_and_texts_without_partner_are_distractors() -> None:
    scores = [[0.9, 0.1, 0.95], [0.5, 0.4, 0.3], [0.99, 0.8, 0.1]]
    found = query_ranks(scores, ["house", "sun", "rain"], ["house", "sun", "moon"])
    assert found["video_to_text"].query.tolist() == [0, 1]
    assert found["video_to_text"].rank.tolist() == [2, 2]
    assert found["text_to_video"].query.tolist() == [0, 1]
    assert found["text_to_video"].rank.tolist() == [2, 2]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_tensors_and_arrays_agree(dtype: torch.dtype) -> None:
    scores = torch.rand(7, 5, generator=torch.Generator().manual_seed(0)).to(dtype).requires_grad_()
    answers = torch.arange(7) % 5, torch.arange(5)
    found = retrieval(scores, *answers)
    close(found, retrieval(scores.detach().double().numpy(), [i % 5 for i in range(7)], list(range(5))))


def test_the_given_scores_are_never_written_to() -> None:
    scores = np.array([[np.nan, 1.0], [2.0, 3.0]])
    scores.flags.writeable = False
    retrieval(scores, "ab", "ab")
    retrieval(scores, "ab", "ab", mode="legacy")


@pytest.mark.parametrize(
    ("scores", "videos", "texts", "says"),
    [
        ([[1.0, 2.0]], ["a"], ["b", "c"], "nothing to rank"),
        ([[1.0, 2.0]], ["a"], ["a"], "as many answers"),
        ([1.0, 2.0], ["a"], ["a", "b"], "matrix"),
        (np.zeros((0, 3)), [], ["a", "b", "c"], "matrix"),
        ([["x"]], ["a"], ["a"], "real numbers"),
        ([[1.0]], [["a"]], ["a"], "hashable"),
    ],
)
def test_what_cannot_be_judged_is_refused(scores: Any, videos: Any, texts: Any, says: str) -> None:
    with pytest.raises(DataError, match=says):
        retrieval(scores, videos, texts)


def test_unknown_choices_are_refused_together() -> None:
    with pytest.raises(ConfigError) as caught:
        retrieval([[1.0]], ["a"], ["a"], mode=cast(Any, "lenient"), gallery=cast(Any, "shop"))
    assert len(caught.value.problems) == 2
    with pytest.raises(ConfigError, match="no groups"):
        retrieval([[1.0]], ["a"], ["a"], mode="legacy", gallery="group")


def test_selection_is_the_mean_of_both_directions() -> None:
    shares = {"text_to_video": 0.2, "video_to_text": 0.4}
    result = {d: {"R@1": shares[d], "R@5": 0.8, "R@10": 1.0, "MRR": shares[d]} for d in DIRECTIONS}
    wanted = ((0.2 * 0.8) ** (1 / 3) + (0.4 * 0.8) ** (1 / 3)) / 2
    assert selection(result) == pytest.approx(wanted)
    assert selection(result, "MRR") == pytest.approx(0.3)


@pytest.mark.parametrize("answers", [5000, 1000])
def test_five_thousand_by_five_thousand_in_three_seconds(answers: int) -> None:
    rng = np.random.default_rng(0)
    scores = rng.standard_normal((5000, 5000), dtype=np.float32)
    owners = np.arange(5000) % answers
    start = time.perf_counter()
    retrieval(scores, owners, owners)
    assert time.perf_counter() - start < 3.0


def test_the_module_does_not_import_torch() -> None:
    code = "import sys, mmpt_sign.evaluation; sys.exit('torch' in sys.modules or 'matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
