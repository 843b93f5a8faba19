"""Strict ranks: exact expectation over tie orders, and independence of the size of the pieces."""

from __future__ import annotations

import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpt_sign.evaluation import query_ranks, scores
from mmpt_sign.evaluation.ranking import DEPTHS, DIRECTIONS, Gallery, Mode, pooled


@given(st.integers(0, 2**32 - 1))
def test_expected_hits_are_the_mean_over_all_orders(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, right = rng.integers(0, 3, 5) / 2, rng.random(5) < 0.5
    right[0] = True
    found = query_ranks(values[:, None], right.tolist(), [True])["text_to_video"].hits[0]
    orders = [sorted(order, key=lambda i: -values[i]) for order in itertools.permutations(range(5))]
    wanted = [np.mean([sum(right[i] for i in order[:k]) for order in orders]) for k in DEPTHS]
    assert found == pytest.approx(wanted)


@pytest.mark.parametrize("mode", ["strict", "legacy"])
@pytest.mark.parametrize("gallery", ["video", "group"])
@pytest.mark.parametrize("cells", [1, 7, 64])
def test_the_size_of_the_pieces_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, mode: Mode, gallery: Gallery, cells: int
) -> None:
    if mode == "legacy" and gallery == "group":
        return
    rng = np.random.default_rng(cells)
    matrix, video, text = rng.integers(0, 9, (40, 30)) / 3, rng.integers(0, 20, 40), rng.integers(0, 20, 30)
    whole = query_ranks(matrix, video, text, mode, gallery)
    monkeypatch.setattr(scores, "CELLS", cells)
    cut = query_ranks(matrix, video, text, mode, gallery)
    for direction in DIRECTIONS:
        for name in ("query", "rank", "tied", "positives", "gallery", "hits"):
            np.testing.assert_array_equal(getattr(cut[direction], name), getattr(whole[direction], name))


def test_memory_does_not_grow_with_the_matrix() -> None:
    rng = np.random.default_rng(0)
    matrix, owners = rng.standard_normal((4000, 4000), dtype=np.float32), np.arange(4000) % 3000
    tracemalloc.start()
    query_ranks(matrix, owners, owners)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < matrix.nbytes


def test_many_clips_of_few_answers() -> None:
    rng = np.random.default_rng(0)
    video = rng.integers(0, 2, 3000)
    matrix = rng.standard_normal((3000, 2))
    matrix[np.arange(3000), video] += 5
    found = query_ranks(matrix, video, [0, 1])["text_to_video"]
    assert found.positives.tolist() == [np.sum(video == 0), np.sum(video == 1)]
    assert found.hits[:, 2].tolist() == [10, 10]


def test_subset_and_pool_are_inverse() -> None:
    rng = np.random.default_rng(0)
    whole = query_ranks(rng.random((9, 9)), range(9), range(9))["video_to_text"]
    halves = [whole.subset(np.arange(9) < 4), whole.subset(np.arange(9) >= 4)]
    assert [len(half) for half in halves] == [4, 5]
    np.testing.assert_array_equal(pooled(halves).rank, whole.rank)
    np.testing.assert_array_equal(pooled(halves).hits, whole.hits)
