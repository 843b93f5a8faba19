from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from mmpt_sign.datasets.asl_signs import AslSigns
from mmpt_sign.poses.arrays import read_source
from tests.datasets.corpora import kaggle_parquet, write_csv

pytest.importorskip("pyarrow", reason="parquet files need pyarrow, extra [datasets]")


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "asl_signs"
    rows = []
    for k in range(100):
        person, sequence = 2000 + k % 10, 1000000 + k
        path = f"train_landmark_files/{person}/{sequence}.parquet"
        rows.append(
            {"path": path, "participant_id": person, "sequence_id": sequence, "sign": "TV" if k % 2 else "thank you"}
        )
    write_csv(folder / "train.csv", rows)
    for row in rows:
        (folder / str(row["path"])).parent.mkdir(parents=True, exist_ok=True)
        (folder / str(row["path"])).touch()
    kaggle_parquet(folder / str(rows[0]["path"]), 3)
    return tmp_path


def test_records_as_in_the_original(corpus: Path) -> None:
    records = AslSigns().records(corpus)
    assert Counter(r.split for r in records) == {"train": 90, "valid": 5, "test": 5}
    first = records[0]
    assert first.texts == ('Sign the sign "thank you" in American Sign Language.',)
    assert (first.id, first.signer, first.sign_language, first.text_language) == ("1000000", "2000", "ase", "en")
    assert read_source(first.source).data.shape == (3, 543, 3)
    assert AslSigns().records(corpus) == records
    assert [r.split for r in AslSigns(split_seed=1).records(corpus)] != [r.split for r in records]


def test_signers_apart(corpus: Path) -> None:
    records = AslSigns(split_by="signer", test_share=0.2, valid_share=0.1).records(corpus)
    assert Counter(r.split for r in records) == {"train": 70, "valid": 10, "test": 20}
    by_signer = {(r.signer, r.split) for r in records}
    assert len(by_signer) == 10
