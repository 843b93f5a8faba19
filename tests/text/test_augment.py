"""Prompts change as often and as little as told, and tags never move."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from mmpt_sign.config.contracts import TextAugment
from mmpt_sign.text.augment import augmented, swapped, thinned

SENTENCE = "<en> <ase> the small house stands by the old river"


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_swap_exchanges_two_words_and_leaves_the_tags() -> None:
    changes = []
    for seed in range(200):
        changed = augmented(SENTENCE, TextAugment(random_swap=1.0), rng(seed)).split()
        assert changed[:2] == ["<en>", "<ase>"]
        assert Counter(changed) == Counter(SENTENCE.split())
        changes.append(sum(a != b for a, b in zip(changed, SENTENCE.split(), strict=True)))
    assert set(changes) <= {0, 2}
    assert changes.count(2) > 180


def test_how_often_follows_the_option() -> None:
    half = [augmented(SENTENCE, TextAugment(random_swap=0.5), rng(seed)) != SENTENCE for seed in range(1000)]
    assert np.mean(half) == pytest.approx(0.48, abs=0.05)  # one swap in 49 is of two equal words
    assert augmented(SENTENCE, TextAugment(), rng()) == SENTENCE


def test_four_draws_are_made_for_another_word() -> None:
    unchanged = np.mean([swapped(["a", "b"], rng(seed)) == ["a", "b"] for seed in range(4000)])
    assert unchanged == pytest.approx(0.5**4, abs=0.015)


@pytest.mark.parametrize("text", ["", "house", "<en> <ase> house", "<en>"])
def test_nothing_happens_to_fewer_than_two_words(text: str) -> None:
    assert augmented(text, TextAugment(random_swap=1.0, random_deletion=1.0, deleted=0.9), rng()) == text


def test_a_deletion_keeps_order_tags_and_at_least_one_word() -> None:
    words = SENTENCE.split()
    lengths = []
    for seed in range(300):
        kept = thinned(words, 0.9, rng(seed))
        assert kept[:2] == ["<en>", "<ase>"]
        remaining = iter(words)
        assert all(word in remaining for word in kept)
        lengths.append(len(kept))
    assert min(lengths) == 3


def test_the_same_generator_gives_the_same_prompt() -> None:
    options = TextAugment(random_swap=0.5, random_deletion=0.5)
    assert augmented(SENTENCE, options, rng(4)) == augmented(SENTENCE, options, rng(4))
