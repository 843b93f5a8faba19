"""The sets kept as pose files."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from mmpt_sign import registry
from mmpt_sign.errors import DataError
from mmpt_sign.poses.arrays import read_source
from tests.datasets.corpora import pose_file, write_csv


def test_sentences_in_german_and_english(shared_data: Path) -> None:
    german = registry.build("dataset", "dgs_sentences32").records(shared_data)
    assert Counter(r.split for r in german) == {"train": 16, "test": 16}
    assert german[0].texts[0].startswith("<de> <gsg> Auf Lanzarote")
    assert len(read_source(german[0].source)) == german[0].frames == 70
    english = registry.build("dataset", "dgs_sentences32", version="stitched", text_language="en").records(shared_data)
    assert len(english) == 31
    assert len(read_source(english[0].source)) == english[0].frames == 155


def test_korean_videos(shared_data: Path) -> None:
    records = registry.build("dataset", "ksl_videos", splits={"all": "test"}).records(shared_data)
    assert Counter(r.split for r in records) == {"test": 16}
    assert len({r.answer for r in records}) == 8
    assert all(r.signer == "" for r in records)
    assert len(read_source(records[0].source)) == records[0].frames == 45


def test_sentences_in_another_language(tmp_path: Path) -> None:
    row = {"id": "x", "split": "train", "language": "lsf", "text_fr": "bonjour", "n_frames": 3, "n_frames_stitched": 4}
    write_csv(tmp_path / "index.csv", [{**row, "language": "fsl"}])
    pose_file(tmp_path / "pose" / "x_natural.pose", 3)
    (record,) = registry.build("dataset", "dgs_sentences32", folder=tmp_path, text_language="fr").records(None)
    assert record.texts == ("<fr> <fsl> bonjour",)
    assert len(read_source(record.source)) == 3
    with pytest.raises(DataError, match="did you mean 'text_fr'"):
        registry.build("dataset", "dgs_sentences32", folder=tmp_path).records(None)


def test_a_file_name_cannot_leave_the_folder(tmp_path: Path) -> None:
    write_csv(tmp_path / "index.csv", [{"id": "x", "split": "train", "text": "x", "pose": "../x.pose"}])
    with pytest.raises(DataError, match="leaves the folder"):
        registry.build("dataset", "ksl_videos", folder=tmp_path).records(None)


def test_a_pattern_of_an_unknown_column(tmp_path: Path) -> None:
    write_csv(tmp_path / "index.csv", [{"id": "x", "split": "train", "text": "x"}])
    with pytest.raises(DataError, match="asks for 'pose', which is no column"):
        registry.build("dataset", "ksl_videos", folder=tmp_path).records(None)
