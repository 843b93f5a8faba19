from __future__ import annotations

from pathlib import Path

import pytest

from mmpt_sign.datasets.combined import Combined
from mmpt_sign.datasets.folder import Folder
from mmpt_sign.errors import DataError
from tests.corpus import make_corpus


def written(path: Path, lines: list[str]) -> Path:
    path.write_text("id,split\n" + "".join(f"{line}\n" for line in lines))
    return path


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return make_corpus(tmp_path / "corpus", takes=3, words=("house", "sun"))


def splits(dataset: Folder | Combined) -> dict[str, str]:
    return {record.id: record.split for record in dataset.records(None)}


def folder(corpus: Path, **options: object) -> Folder:
    return Folder.model_validate({"folder": corpus, "layout": "hand_21", **options})


def test_the_table_decides_and_knows_other_words_for_splits(corpus: Path, tmp_path: Path) -> None:
    lines = ["house-0,train", "house-1,dev", "house-2,test", "sun-0,ignore", "sun-1,test", "sun-2,train", "gone,train"]
    table = written(tmp_path / "split.csv", lines)
    found = splits(folder(corpus, split_file=table))
    assert found["house-0"] == "train"
    assert found["house-1"] == "valid"
    assert found["sun-0"] == "ignore"
    assert "gone" not in found


def test_a_table_inside_the_corpus_is_found_by_its_name(corpus: Path) -> None:
    written(corpus / "mine.csv", [f"{word}-{take},test" for word in ("house", "sun") for take in range(3)])
    assert set(splits(folder(corpus, split_file="mine.csv")).values()) == {"test"}


def test_a_data_set_without_split_column_needs_none(corpus: Path, tmp_path: Path) -> None:
    index = corpus / "index.csv"
    index.write_text(
        "\n".join(",".join(line.split(",")[:2] + line.split(",")[3:]) for line in index.read_text().split())
    )
    table = written(tmp_path / "s.csv", [f"{word}-{take},test" for word in ("house", "sun") for take in range(3)])
    assert set(splits(folder(corpus, split_file=table)).values()) == {"test"}


def test_ids_that_are_not_in_the_table_are_named(corpus: Path, tmp_path: Path) -> None:
    table = written(tmp_path / "split.csv", ["house-0,train", "house-1,"])
    with pytest.raises(DataError, match=r"no split for 5 of the 6 clips: house-1, house-2, sun-0"):
        splits(folder(corpus, split_file=table))


def test_an_id_twice_and_a_missing_table_are_told(corpus: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="ids occur twice: house-0"):
        splits(folder(corpus, split_file=written(tmp_path / "a.csv", ["house-0,train", "house-0,test"])))
    with pytest.raises(DataError, match=r"nowhere.csv: cannot be read"):
        splits(folder(corpus, split_file=tmp_path / "nowhere.csv"))


def test_parts_of_a_combined_set_are_split_together(corpus: Path, tmp_path: Path) -> None:
    ids = [f"folder_{word}-{take}" for word in ("house", "sun") for take in range(3)]
    table = written(tmp_path / "split.csv", [f"{name},valid" for name in ids])
    parts = [{"name": "folder", "folder": str(corpus), "layout": "hand_21"}]
    assert splits(Combined.model_validate({"parts": parts, "split_file": table})) == dict.fromkeys(ids, "valid")
