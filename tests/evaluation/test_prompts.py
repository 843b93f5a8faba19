"""Prompts rendered anew, listed, averaged; meanings without tags."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.prompts import averaged, meaning, prompts_of, read_list, with_prompts
from tests.evaluation.made import records


def test_meanings_know_no_language() -> None:
    given = records(("test",))
    assert {meaning(record) for record in given} == {"house", "sun", "water", "bread"}
    named = replace(given[0], extra={"text": "  Big HOUSE ", "concept": "dwelling"})
    assert meaning(named) == "big house"
    assert meaning(named, "concept") == "dwelling"


def test_prompts_of_other_templates() -> None:
    first = replace(records(("test",))[0], text_language="en", extra={"text": "House"})
    (again,) = with_prompts([first], ["{text} in {sign_language_name}", "<{sign_language}> {text}"])
    assert again.texts == ("House in American Sign Language", "<ase> House")
    assert with_prompts([first], None) == [first]
    assert prompts_of(first, ["<{sign_language}> {text}"], sign_language="gsg", text="Haus") == ("<gsg> Haus",)


def test_a_list_has_one_prompt_per_line(tmp_path: Path) -> None:
    path = tmp_path / "prompts.txt"
    path.write_text("\ufeff<en> <ase> sun\n\n  <en> <ase> sun \n<en> <ase> Haus\u00df\n", encoding="utf-8")
    assert read_list(path) == ["<en> <ase> sun", "<en> <ase> Haus\u00df"]
    path.write_text("\n\n")
    with pytest.raises(DataError, match="holds no prompt"):
        read_list(path)
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(DataError, match="one per line"):
        read_list(path)
    with pytest.raises(DataError, match="not readable"):
        read_list(tmp_path / "absent.txt")


def test_a_mean_of_unit_vectors_is_a_unit_vector() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(5, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = averaged(vectors, list("aabab"))
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(5))
    for answer, positions in {"a": [0, 1, 3], "b": [2, 4]}.items():
        mean = vectors[positions].mean(axis=0)
        for i in positions:
            assert found[i] == pytest.approx(mean / np.linalg.norm(mean), abs=1e-6), answer
    assert np.linalg.norm(averaged(vectors * 7, list("aabab")), axis=1) == pytest.approx(np.full(5, 7.0))
