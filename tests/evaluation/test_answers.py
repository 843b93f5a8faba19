"""Which answers are the same."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.answers import as_codes, joined_answers, normalised
from mmpt_sign.records import Record, Source


def record(name: str, *texts: str, group: str = "") -> Record:
    return Record(name, "test", texts, Source(Path(f"{name}.pose")), group=group)


def test_codes_are_shared_between_lists() -> None:
    known: dict[Hashable, int] = {}
    assert as_codes(["a", "b", "a"], known).tolist() == [0, 1, 0]
    assert as_codes(np.array(["b", "c"]), known).tolist() == [1, 2]
    with pytest.raises(DataError, match="hashable"):
        as_codes([{}], known)


def test_texts_are_compared_without_case_and_spacing() -> None:
    assert normalised("  Guten\tMorgen ") == normalised("guten morgen")
    assert normalised("cafe\u0301") == normalised("caf\u00e9")
    assert normalised("house") != normalised("houses")


def test_groups_with_an_equal_text_are_one_answer() -> None:
    found = joined_answers([record("1", "House", group="a"), record("2", "house ", group="b"), record("3", "sun")])
    assert found == {"a": "a", "b": "a", "sun": "sun"}


def test_texts_join_answers_over_several_steps() -> None:
    chain = [record("1", "a", "b", group="x"), record("2", "c", "d", group="y"), record("3", "d", "a", group="z")]
    assert set(joined_answers(chain).values()) == {"y"} or set(joined_answers(chain).values()) == {"x"}
    apart = [record("1", "<en> <ase> house"), record("2", "<en> <gsg> house")]
    assert len(set(joined_answers(apart).values())) == 2
