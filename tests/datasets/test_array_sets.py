"""The sets kept as archives of arrays: on the real data where it is, and on made sets of the same layout."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmpt_sign import registry
from mmpt_sign.errors import DataError
from mmpt_sign.poses.arrays import read_source
from tests.datasets.corpora import ragged, write_csv

REAL: list[tuple[str, dict[str, Any], dict[str, int], str, int]] = [
    ("asl_words_letters_20f", {}, {"train": 1517, "valid": 222, "test": 1139}, "<en> <ase> can", 67),
    ("asl_words_letters_20f", {"part": "letters"}, {"train": 1169, "valid": 780, "test": 1140}, "<en> <ase> a", 42),
    ("wlasl_hands", {}, {"train": 748, "valid": 165, "test": 100}, "<en> <ase> book", 42),
    (
        "wlasl_hands",
        {"stems": ["wlasl100", "wlasl101_300"]},
        {"train": 1897, "valid": 446, "test": 317},
        "<en> <ase> book",
        42,
    ),
    ("lsm_phrases_15f", {}, {"train": 700, "valid": 140, "test": 420}, "<es> <mfs> adiós", 67),
    (
        "fingerspelling_multilingual",
        {},
        {"train": 348, "valid": 78, "test": 56},
        "Fingerspell the letter A in American Sign Language.",
        203,
    ),
    ("asl_signs_holistic_2words", {}, {"train": 284, "valid": 48, "test": 72}, "<en> <ase> hello", 203),
    ("lis_letters_static", {}, {"train": 1540, "valid": 220, "test": 440}, "<it> <ise> A", 21),
]


@pytest.mark.parametrize(("name", "options", "splits", "prompt", "points"), REAL)
def test_real_sets(
    shared_data: Path, name: str, options: dict[str, Any], splits: dict[str, int], prompt: str, points: int
) -> None:
    records = registry.build("dataset", name, **options).records(shared_data)
    assert Counter(record.split for record in records) == splits
    assert records[0].texts[0] == prompt
    for record in (records[0], records[len(records) // 2], records[-1]):
        clip = read_source(record.source)
        assert len(clip) == record.frames
        assert clip.data.shape[1] == points


def test_a_letter_is_one_answer_in_all_languages(shared_data: Path) -> None:
    build = registry.build
    records = build("dataset", "fingerspelling_multilingual").records(shared_data)
    assert {r.sign_language for r in records if r.answer == "A"} >= {"ase", "gsg", "cse"}
    apart = build("dataset", "fingerspelling_multilingual", group_by="prompt").records(shared_data)
    assert len({r.answer for r in apart}) == len(apart)


def test_sequences_without_a_sign_on_request(shared_data: Path) -> None:
    records = registry.build("dataset", "asl_words_letters_20f", empty_text="no sign").records(shared_data)
    assert Counter(r.split for r in records)["extra"] == 130
    assert records[0].texts == ("<en> <ase> no sign",)


def test_disjoint_signers_of_wlasl(shared_data: Path) -> None:
    records = registry.build("dataset", "wlasl_hands", split_by="signer").records(shared_data)
    signers = {split: {r.signer for r in records if r.split == split} for split in ("train", "valid", "test")}
    assert not signers["train"] & (signers["valid"] | signers["test"])
    assert not signers["valid"] & signers["test"]
    sizes = Counter(r.split for r in records)
    assert all(0.05 * len(records) < sizes[split] < 0.15 * len(records) for split in ("valid", "test"))


def rows(count: int, **more: str) -> list[dict[str, Any]]:
    return [
        {"id": f"c{k}", "split": "val" if k == 1 else "train", "signer": "p", "n_frames": k + 2, **more}
        for k in range(count)
    ]


def test_another_set_of_the_same_layout(tmp_path: Path) -> None:
    folder = ragged(tmp_path / "bsl", "words", rows(3, language="bfi", gloss="house"), (2, 21, 3), "hands")
    records = registry.build("dataset", "wlasl_hands", folder="bsl", stems="words").records(tmp_path)
    assert [r.texts[0] for r in records] == ["<en> <bfi> house"] * 3
    assert [r.split for r in records] == ["train", "valid", "train"]
    assert [len(read_source(r.source)) for r in records] == [2, 3, 4]
    assert [float(read_source(r.source).data.max()) for r in records] == [0, 1, 2]
    assert records == registry.build("dataset", "wlasl_hands", folder=folder, stems=["words"]).records(None)


def test_clips_of_one_length_need_no_offsets(tmp_path: Path) -> None:
    table = [{**row, "spoken_language": "de", "language": "gsg", "text": "Haus"} for row in rows(3)]
    write_csv(tmp_path / "index.csv", table)
    np.savez(tmp_path / "x.npz", xyz=np.arange(3 * 5 * 67 * 3, dtype=np.float32).reshape(3, 5, 67, 3))
    records = registry.build("dataset", "lsm_phrases_15f", folder=tmp_path, stems="x").records(None)
    assert [r.source.item for r in records] == [0, 1, 2]
    assert records[0].texts == ("<de> <gsg> Haus",)
    assert len(read_source(records[2].source)) == 5


def test_a_table_in_another_order_is_refused(tmp_path: Path) -> None:
    table = rows(3, language="bfi", gloss="house")
    folder = ragged(tmp_path, "words", table, (2, 21, 3), "hands")
    write_csv(folder / "words.csv", [table[0], table[2], table[1]])
    part = registry.build("dataset", "wlasl_hands", folder=folder, stems="words")
    with pytest.raises(DataError, match="row 3 is 'c1' there"):
        part.records(None)
    write_csv(folder / "words.csv", table[:2])
    with pytest.raises(DataError, match="2 rows, but words.npz holds 3 clips"):
        part.records(None)


def test_a_missing_set_says_where_it_was_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MMPT_SIGN_DATA", raising=False)
    part = registry.build("dataset", "wlasl_hands")
    with pytest.raises(DataError, match=r"wlasl_hands/wlasl100.npz: no such folder; docs/data/wlasl_hands.md"):
        part.records(tmp_path)
    with pytest.raises(DataError, match="set data_root in the YAML, the variable MMPT_SIGN_DATA"):
        part.records(None)


def test_a_damaged_archive(tmp_path: Path) -> None:
    folder = ragged(tmp_path, "words", rows(3, language="bfi", gloss="house"), (2, 21, 3), "hands")
    (folder / "words.npz").write_bytes((folder / "words.npz").read_bytes()[:200])
    with pytest.raises(DataError, match="cannot be read as an archive"):
        registry.build("dataset", "wlasl_hands", folder=folder, stems="words").records(None)
