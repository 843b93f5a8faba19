from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.datasets.rwth_fingerspelling import RwthFingerspelling
from mmpt_sign.errors import DataError
from mmpt_sign.poses.arrays import read_source
from tests.datasets.corpora import pose_file

NAMES = ["A", "B", "AE", "SCH", "One"]


def ids() -> list[str]:
    return [f"{s}_{n}_{q}_{c}" for s in (1, 2) for n in range(1, 6) for q in (1, 2) for c in ("cam1", "cam2")]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    folder = tmp_path / "rwth_fingerspelling"
    for name in ids():
        pose_file(folder / "pose" / f"{name}.pose", 2)
    (folder / "i3d").mkdir()
    for name in ids():
        np.save(folder / "i3d" / f"{name}.npy", np.ones((3, 1024), np.float32))
    lines = [f"{number} = {name}" for number, name in enumerate(NAMES, start=1)]
    (folder / "labels.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def test_poses_of_the_whole_body_camera(corpus: Path) -> None:
    records = RwthFingerspelling().records(corpus)
    assert len(records) == 20
    assert {r.id.rsplit("_")[-1] for r in records} == {"cam2"}
    first = records[0]
    assert first.id == "1_1_1_cam2"
    assert first.texts == ("Fingerspell the letter A in German Sign Language.",)
    assert (first.signer, first.sign_language, first.text_language) == ("1", "gsg", "en")
    assert "Fingerspell the letter SCH in German Sign Language." in {r.texts[0] for r in records}


def test_splits_are_drawn_before_a_camera_is_dropped(corpus: Path) -> None:
    order = sorted(ids())
    random.Random(3407).shuffle(order)
    expected = {name: "valid" if k < 4 else "test" if k < 8 else "train" for k, name in enumerate(order)}
    everything = RwthFingerspelling(cameras=("cam1", "cam2")).records(corpus)
    assert {r.id: r.split for r in everything} == expected
    assert all(r.split == expected[r.id] for r in RwthFingerspelling().records(corpus))


def test_features_of_both_cameras(corpus: Path) -> None:
    records = RwthFingerspelling(features="i3d").records(corpus)
    assert len(records) == 40
    assert read_source(records[0].source).data.shape == (3, 1, 1024)


def test_shipped_lists(corpus: Path) -> None:
    folder = corpus / "rwth_fingerspelling"
    (folder / "train.txt").write_text("1_1_1_cam2\n1_2_1_cam2\n")
    (folder / "val.txt").write_text("2_1_1_cam2\n")
    data = RwthFingerspelling(lists={"train": "train.txt", "val": "val.txt"})
    assert {r.id: r.split for r in data.records(corpus)} == {
        "1_1_1_cam2": "train",
        "1_2_1_cam2": "train",
        "2_1_1_cam2": "valid",
    }
    (folder / "val.txt").write_text("1_1_1_cam2\n9_1_1_cam2\n")
    with pytest.raises(DataError, match="already in train"):
        data.records(corpus)
    (folder / "val.txt").write_text("9_1_1_cam2\n")
    with pytest.raises(DataError, match=r"1 of the 3 listed clips are not there: looked for .*9_1_1_cam2"):
        data.records(corpus)


def test_what_is_wrong_is_said(corpus: Path) -> None:
    folder = corpus / "rwth_fingerspelling"
    with pytest.raises(DataError, match="no such folder"):
        RwthFingerspelling(features="s3d").records(corpus)
    (folder / "labels.txt").write_text("1 = A\n2 = B\n3 = C\n4 = D\n")
    with pytest.raises(DataError, match="does not name letter 5"):
        RwthFingerspelling().records(corpus)
    (folder / "labels.txt").write_text("1 : A\n")
    with pytest.raises(DataError, match="NUMBER = NAME"):
        RwthFingerspelling().records(corpus)
    pose_file(folder / "pose" / "strange.pose")
    with pytest.raises(DataError, match="id 'strange'"):
        RwthFingerspelling().records(corpus)
    with pytest.raises(DataError, match=r"labels.txt"):
        RwthFingerspelling().records(corpus / "empty")
