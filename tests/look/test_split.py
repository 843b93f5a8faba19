from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.look.split import drawn, parse_by, parse_shares, summary
from mmpt_sign.records import Record, Source

SHARES = {"train": 0.8, "valid": 0.1, "test": 0.1}


def records(signers: int, words: int, takes: int = 1, split: str = "train") -> list[Record]:
    """Every signer signs every word."""
    return [
        Record(f"{s}-{w}-{t}", split, (f"word {w}",), Source(Path("x.npy")), signer=f"s{s}", sign_language=f"l{w % 3}")
        for s in range(signers)
        for w in range(words)
        for t in range(takes)
    ]


def sizes(split: dict[str, str]) -> dict[str, int]:
    return dict(Counter(split.values()))


def test_random_splits_keep_the_mix_of_answers() -> None:
    given_records = records(10, 7, 2)
    split = drawn(given_records, "random", SHARES, 0)
    assert sizes(split) == {"train": 112, "valid": 14, "test": 14}
    per_word = Counter((record.answer, split[record.id]) for record in given_records)
    assert {per_word[f"word {w}", "test"] for w in range(7)} == {2}


def test_one_clip_per_answer_is_no_obstacle() -> None:
    assert sizes(drawn(records(1, 100), "random", SHARES, 0)) == {"train": 80, "valid": 10, "test": 10}


def test_texts_are_kept_together_and_languages_apart_evenly() -> None:
    given_records = records(3, 60)
    split = drawn(given_records, "text", SHARES, 0)
    of = {
        answer: {split[r.id] for r in given_records if r.answer == answer}
        for answer in {r.answer for r in given_records}
    }
    assert all(len(splits) == 1 for splits in of.values())
    languages = Counter((record.sign_language, split[record.id]) for record in given_records)
    assert {languages[f"l{n}", "test"] for n in range(3)} == {6}


@given(st.lists(st.integers(1, 40), min_size=3, max_size=30), st.integers(0, 5))
def test_nobody_is_in_two_splits_and_no_split_is_empty(clips: list[int], seed: int) -> None:
    given_records = [
        Record(f"{s}-{n}", "all", (f"w{n % 5}",), Source(Path("x")), signer=f"s{s}")
        for s, count in enumerate(clips)
        for n in range(count)
    ]
    split = drawn(given_records, "signer", SHARES, seed)
    of: dict[str, set[str]] = {}
    for record in given_records:
        of.setdefault(record.signer, set()).add(split[record.id])
    assert all(len(splits) == 1 for splits in of.values())
    assert set(split.values()) == set(SHARES)


def test_many_signers_come_near_the_shares() -> None:
    found = sizes(drawn(records(40, 6), "signer", SHARES, 1))
    assert found == {"train": 192, "valid": 24, "test": 24}


@pytest.mark.parametrize("by", ["signer", "random", "text"])
def test_the_same_seed_gives_the_same_split_in_any_order(by: str) -> None:
    given_records = records(8, 9)
    first = drawn(given_records, parse_by(by), SHARES, 4)
    assert drawn(given_records[::-1], parse_by(by), SHARES, 4) == first
    assert drawn(given_records, parse_by(by), SHARES, 5) != first


def test_a_share_of_zero_leaves_a_split_out_and_other_splits_stay() -> None:
    given_records = [*records(6, 4), *records(1, 2, 3, split="ignore")[4:]]
    given_records[-1] = Record("left", "ignore", ("x",), Source(Path("x")))
    split = drawn(given_records[:-1], "signer", parse_shares("0.5,0,0.5"), 0)
    assert {of for name, of in split.items()} >= {"train", "test"}
    assert "valid" not in split.values()
    assert drawn([*records(5, 4), given_records[-1]], "random", SHARES, 0)["left"] == "ignore"


def test_what_is_impossible_is_explained() -> None:
    with pytest.raises(DataError, match="2 signers are too few"):
        drawn(records(2, 5), "signer", SHARES, 0)
    nameless = [Record("a", "train", ("x",), Source(Path("x")))]
    with pytest.raises(DataError, match="1 of 1 records name no signer"):
        drawn(nameless, "signer", SHARES, 0)
    with pytest.raises(DataError, match="too few for shares .* stays empty"):
        drawn(records(1, 3), "random", SHARES, 0)
    for text in ("0.8,0.2", "0.8,0.1,0.2", "a,b,c", "0,0.5,0.5", "1.2,-0.1,-0.1", "nan,0.5,0.5"):
        with pytest.raises(ConfigError, match="three shares"):
            parse_shares(text)
    with pytest.raises(ConfigError, match="did you mean 'signer'"):
        parse_by("signers")


def test_the_summary_counts_answers_never_trained_on() -> None:
    given_records = records(2, 10)
    parts = summary(given_records, drawn(given_records, "text", SHARES, 0))
    assert [part.split for part in parts] == ["train", "valid", "test"]
    assert str(parts[2]) == "test: 2 clips (10.0%), 1 answers, 2 signers; 1 answers are not in train"
