from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from pydantic import ValidationError

from mmpt_sign.datasets.combined import Combined
from mmpt_sign.datasets.folder import Folder
from tests.datasets.corpora import write_csv


@pytest.fixture
def folders(tmp_path: Path) -> list[dict[str, str]]:
    for name, text in (("one", "house"), ("two", "sun")):
        rows = [{"id": "a", "path": "a.npy", "split": split, "text": text} for split in ("train", "test")]
        write_csv(tmp_path / name / "index.csv", [{**row, "id": f"a{k}"} for k, row in enumerate(rows)])
    return [{"name": "folder", "folder": str(tmp_path / name)} for name in ("one", "two")]


def test_parts_in_list_order(folders: list[dict[str, str]]) -> None:
    records = Combined.model_validate({"parts": folders}).records(None)
    assert [r.id for r in records] == ["folder1_a0", "folder1_a1", "folder2_a0", "folder2_a1"]
    assert [r.extra["text"] for r in records] == ["house", "house", "sun", "sun"]


def test_splits_of_one_part_can_be_left_out(folders: list[dict[str, str]]) -> None:
    values = {"parts": folders, "splits": {"folder2": {"train": "unused"}}}
    records = Combined.model_validate(values).records(None)
    assert Counter(r.split for r in records) == {"train": 1, "test": 2, "unused": 1}


def test_values_survive_a_run_folder(folders: list[dict[str, str]]) -> None:
    combined = Combined.model_validate({"parts": [*folders, "fingerspelling_lexicon"]})
    again = Combined.model_validate(combined.model_dump(mode="json"))
    assert again == combined
    assert isinstance(again.parts[0], Folder)
    assert combined.prefixes() == ["folder1", "folder2", "fingerspelling_lexicon"]


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"name": "fodler"}, "did you mean 'folder'"),
        ({"name": "folder", "folder": ".", "indx": "x"}, "indx"),
        (3, "instance of Dataset"),
    ],
)
def test_wrong_parts(part: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Combined.model_validate({"parts": [part]})
