from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpt_sign.batches.sampler import EpochBatches, round_robin
from mmpt_sign.config.schema import BatchOptions


def made(n: int, classes: int, *, size: int = 8, shards: int = 1, seed: int = 3, **options: Any) -> EpochBatches:
    rng = np.random.default_rng(n * 1000 + classes)
    answers = [str(k) for k in rng.integers(classes, size=n)]
    lengths = rng.integers(1, 200, size=n).tolist()
    return EpochBatches(answers, lengths, BatchOptions(**options), size=size, seed=seed, shards=shards)


def seen(batches: list[list[int]]) -> list[int]:
    return sorted(index for batch in batches for index in batch)


@given(
    n=st.integers(1, 120),
    classes=st.integers(1, 30),
    size=st.integers(1, 17),
    shards=st.integers(1, 3),
    order=st.sampled_from(["shuffled", "frozen"]),
    unique=st.booleans(),
    buckets=st.booleans(),
    multiple=st.sampled_from([1, 8]),
)
def test_an_epoch_shows_every_example_once_in_equally_many_batches(
    n: int, classes: int, size: int, shards: int, order: str, unique: bool, buckets: bool, multiple: int
) -> None:
    batches = made(
        n,
        classes,
        size=size,
        shards=shards,
        order=order,
        unique_texts=unique,
        length_buckets=buckets,
        multiple=multiple,
    )
    first, second = batches(1), batches(2)
    assert seen(first) == seen(second) == list(range(n))
    assert len(first) == len(second) == shards * len(batches.joined(1))
    whole = size * shards if size * shards < multiple else size * shards - size * shards % multiple
    assert max(map(len, batches.joined(1))) < whole + shards
    if n >= shards:
        assert min(map(len, first)) >= 1


def test_the_same_seed_and_epoch_give_the_same_batches() -> None:
    assert made(50, 5)(4) == made(50, 5)(4)
    assert made(50, 5)(4) != made(50, 5)(5)
    assert made(50, 5, seed=1)(4) != made(50, 5, seed=2)(4)


def test_other_negatives_in_every_epoch() -> None:
    batches = made(64, 64)
    pairs = [{frozenset(p) for b in batches(epoch) for p in combinations(b, 2)} for epoch in (1, 2)]
    assert len(pairs[0] & pairs[1]) < len(pairs[0]) / 2


def test_no_tiny_batch_at_the_end() -> None:
    assert Counter(map(len, made(65, 9, size=64)(1))) == {32: 1, 33: 1}


def test_frozen_keeps_its_batches_and_reorders_them() -> None:
    batches = made(70, 9, order="frozen", length_buckets=False)
    one, two = batches(1), batches(2)
    assert sorted(one) == sorted(two)
    assert one != two
    assert sorted(map(len, one)) == [6, *[8] * 8]


@pytest.mark.parametrize(("size", "multiple", "expected"), [(35, 8, 32), (250, 8, 248), (5, 8, 5), (35, 1, 35)])
def test_multiples_as_in_the_original(size: int, multiple: int, expected: int) -> None:
    sizes = Counter(map(len, made(1214, 35, size=size, order="frozen", multiple=multiple, length_buckets=False)(1)))
    assert sizes[expected] == 1214 // expected


@pytest.mark.parametrize("order", ["shuffled", "frozen", "round_robin"])
def test_drop_last_leaves_full_batches_only(order: str) -> None:
    batches = made(67, 9, order=order, drop_last=True)
    assert {len(batch) for batch in batches(1)} == {8}
    if order == "shuffled":
        left_out = [frozenset(range(67)) - {i for b in batches(epoch) for i in b} for epoch in (1, 2, 3)]
        assert len(set(left_out)) > 1


def test_length_buckets_save_padding() -> None:
    def padding(**options: Any) -> int:
        batches = made(512, 50, size=16, **options)
        return sum(max(batches.lengths[i] for i in b) * len(b) - sum(batches.lengths[i] for i in b) for b in batches(1))

    assert padding(length_buckets=True) < 0.3 * padding(length_buckets=False)
    assert padding(length_buckets=True, unique_texts=True) < 0.6 * padding(length_buckets=False)


@pytest.mark.parametrize("buckets", [True, False])
def test_unique_texts_meet_only_where_they_must(buckets: bool) -> None:
    answers = [*["common"] * 12, *(str(k) for k in range(52))]
    batches = EpochBatches(
        answers, list(range(64)), BatchOptions(unique_texts=True, length_buckets=buckets), size=8, seed=1
    )
    for epoch in (1, 2, 3):
        counts = [Counter(answers[i] for i in batch) for batch in batches(epoch)]
        assert sorted(count["common"] for count in counts) == [1, 1, 1, 1, 2, 2, 2, 2] if not buckets else True
        assert sum(sum(count.values()) - len(count) for count in counts) == 4


@given(seed=st.integers(0, 1000), classes=st.integers(8, 40), buckets=st.booleans())
def test_unique_texts_are_unique_whenever_that_is_possible(seed: int, classes: int, buckets: bool) -> None:
    rng = np.random.default_rng(seed)
    answers = [str(k) for k in rng.permutation(np.repeat(np.arange(classes), 8))]
    options = BatchOptions(unique_texts=True, length_buckets=buckets)
    batches = EpochBatches(answers, rng.integers(1, 99, len(answers)).tolist(), options, size=classes, seed=seed)
    assert all(len({answers[i] for i in batch}) == len(batch) == classes for batch in batches(1))


def test_round_robin_by_hand() -> None:
    assert round_robin(["b", "a", "b", "b", "c", "a"]) == [0, 1, 4, 2, 5, 4, 3, 1, 4]
    assert round_robin([]) == []


def test_round_robin_batches_hold_distinct_answers() -> None:
    batches = made(300, 35, size=35, order="round_robin", multiple=8)
    for batch in batches(1):
        assert len(batch) <= 32
        assert len({batches.answers[i] for i in batch}) == len(batch)
    assert set(seen(batches(1))) == set(range(300))
    assert sorted(batches(1)) == sorted(batches(2))


@pytest.mark.parametrize("order", ["shuffled", "frozen", "round_robin"])
def test_processes_share_the_batches_of_one(order: str) -> None:
    one = made(61, 7, size=8, order=order).joined(2)
    two = made(61, 7, size=4, shards=2, order=order)(2)
    assert [sorted(a + b) for a, b in zip(two[::2], two[1::2], strict=True)] == [sorted(batch) for batch in one]
    assert all(abs(len(a) - len(b)) <= 1 for a, b in zip(two[::2], two[1::2], strict=True))


def test_many_examples_are_quick() -> None:
    import time

    start = time.perf_counter()
    batches = made(200_000, 18_000, size=448, unique_texts=True)(1)
    assert time.perf_counter() - start < 20
    assert seen(batches) == list(range(200_000))


def test_no_examples_no_batches() -> None:
    for order in ("shuffled", "frozen", "round_robin"):
        assert EpochBatches([], [], BatchOptions(order=order), size=4, seed=1)(1) == []


def test_groups_are_seen_once_with_another_of_their_clips_each_time() -> None:
    batches = made(60, 12, unit="group")
    groups = {batches.answers[index] for index in range(60)}
    drawn = Counter[int]()
    for epoch in range(1, 40):
        indices = seen(batches(epoch))
        assert sorted(batches.answers[index] for index in indices) == sorted(groups)
        drawn.update(indices)
        assert len(batches(epoch)) == len(batches(1))
    assert set(drawn) == set(range(60))
    assert seen(batches(3)) == seen(made(60, 12, unit="group")(3))
