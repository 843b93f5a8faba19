from __future__ import annotations

import csv
import shutil
from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.look.clips import look_at, look_at_all, parts_of
from mmpt_sign.look.collection import collection
from mmpt_sign.look.counts import shared
from mmpt_sign.look.statistics import Statistics, write_tables
from mmpt_sign.poses.arrays import feature_clip
from mmpt_sign.records import Record, Source
from tests.corpus import make_corpus
from tests.datasets.corpora import pose_file
from tests.look.made import LAYOUT, made, statistics
from tests.poses.clips import signer


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def found(tmp_path: Path) -> Statistics:
    return statistics(made(tmp_path / "corpus"))


def test_totals_are_those_of_the_files(found: Statistics, tmp_path: Path) -> None:
    lengths = [len(np.load(path)) for path in (tmp_path / "corpus").glob("*.npy")]
    total = found.total
    assert (total["clips"], total["signs"], total["texts"], total["signers"]) == (48, 8, 8, 3)
    assert total["hours"] == pytest.approx(sum(lengths) / 25 / 3600)
    assert (total["frames_min"], total["frames_max"]) == (min(lengths), max(lengths))
    assert total["frames_mean"] == pytest.approx(np.mean(lengths))
    assert [(row["split"], row["clips"]) for row in found.by_split] == [("train", 32), ("valid", 8), ("test", 8)]


def test_tables_are_written_and_add_up(found: Statistics, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_tables(found, out)
    assert sum(int(row["clips"]) for row in rows_of(out / "languages.csv")) == 48
    assert rows_of(out / "language_counts.csv") == [{"language": "ase", "count": "48"}]
    assert {row["count"] for row in rows_of(out / "concept_counts.csv")} == {"6"}
    assert sorted(map(int, (out / "pose_lengths.txt").read_text().split())) == sorted(
        int(row["frames"]) for row in rows_of(out / "clips.csv")
    )
    for what, total in (
        ("frames", 48),
        ("seen", 48),
        ("confidence", sum(n for n, _ in found.looks.lengths.values()) * 21),
    ):
        assert sum(int(row["count"]) for row in rows_of(out / "histograms.csv") if row["what"] == what) == total
    assert rows_of(out / "texts_between_splits.csv")[1] == {"": "valid", "train": "8", "valid": "8", "test": "8"}
    assert rows_of(out / "texts.csv")[0]["splits"] == "train valid test"


def test_duplicates_are_found_by_what_they_hold(tmp_path: Path) -> None:
    folder = make_corpus(tmp_path / "corpus", words=("house", "sun"))
    shutil.copy(folder / "house-2.npy", folder / "sun-0.npy")
    index = folder / "index.csv"
    index.write_text(index.read_text() + "again,house-3.npy,valid,x,ase,en,house\n")
    found = statistics(collection(folder, LAYOUT))
    assert [(row["kind"], row["ids"], row["splits"]) for row in found.duplicates] == [
        ("source", "house-3 again", "train valid"),
        ("content", "house-2 sun-0", "train test"),
    ]
    assert "1 groups of clips hold exactly the same numbers, 1 of them in different splits" in found.remarks
    assert any("groups of records point at the same frames" in remark for remark in found.remarks)


def test_a_clip_that_cannot_be_read_is_counted_and_listed(tmp_path: Path) -> None:
    folder = make_corpus(tmp_path / "corpus", words=("house", "sun"))
    (folder / "house-1.npy").write_bytes(b"no array")
    (folder / "sun-1.npy").unlink()
    found = statistics(collection(folder, LAYOUT))
    assert found.total["unreadable"] == 2
    assert found.total["clips"] == 12
    write_tables(found, tmp_path / "out")
    assert [row["id"] for row in rows_of(tmp_path / "out" / "unreadable.csv")] == ["house-1", "sun-1"]
    assert any("2 of 12 clips cannot be read" in remark for remark in found.remarks)


def test_a_sample_reads_some_clips_and_the_length_of_all(tmp_path: Path) -> None:
    given = made(tmp_path / "corpus")
    some = look_at_all(given.records, 10, seed=1)
    assert len(some.clips) == 10
    assert some.lengths == look_at_all(given.records).lengths
    assert list(look_at_all(given.records, 10, seed=1).clips) == list(some.clips)
    assert list(look_at_all(given.records, 10, seed=2).clips) != list(some.clips)


def test_lengths_of_pose_files_come_from_their_headers(tmp_path: Path) -> None:
    path = pose_file(tmp_path / "a.pose", frames=9)
    records = [
        Record("whole", "train", ("x",), Source(path)),
        Record("span", "train", ("x",), Source(path, 2, 5)),
        Record("beyond", "train", ("x",), Source(path, 20)),
        Record("broken", "train", ("x",), Source(tmp_path / "none.pose")),
    ]
    looks = look_at_all(records, 0)
    assert looks.lengths == {"whole": (9, 25.0), "span": (3, 25.0)}
    assert set(looks.unreadable) == {"beyond", "broken"}


def test_what_is_seen_of_a_signer() -> None:
    look = look_at(signer(10, left=True))
    assert look.seen == {"body": 1.0, "face": 1.0, "left_hand": 1.0, "right_hand": 0.0}
    assert look.confidence["right_hand"] == 0
    assert look.left_handed
    assert (look.frames, look.seconds, look.points) == (10, 0.4, 543)
    assert look.content == look_at(signer(10, left=True)).content != look_at(signer(10)).content
    assert not parts_of(feature_clip(np.ones((3, 8), np.float32), 25))


def test_overlaps_count_different_things_once() -> None:
    records = [
        Record(f"{n}", split, (text,), Source(Path("x")), signer=who)
        for n, (split, text, who) in enumerate(
            [("train", "a", "p"), ("train", "a", "q"), ("test", "a", "p"), ("test", "b", "")]
        )
    ]
    names, counts = shared(records, lambda record: record.split, lambda record: record.texts[0])
    assert (names, counts) == (["test", "train"], [[2, 1], [1, 1]])
    assert shared(records, lambda record: record.split, lambda record: record.signer)[1] == [[1, 1], [1, 2]]


def test_remarks_name_shared_signers_and_unseen_texts(tmp_path: Path) -> None:
    folder = make_corpus(tmp_path / "corpus", words=("house", "sun"))
    index = folder / "index.csv"
    index.write_text(
        index.read_text().replace("sun-0.npy,test,signer0,ase,en,sun", "sun-0.npy,test,signer9,ase,en,moon")
    )
    remarks = statistics(collection(folder, LAYOUT)).remarks
    assert "1 of the 2 signers of test are in train too; results are not for unseen people" in remarks
    assert "1 of the 2 texts of test do not occur in train" in remarks


def test_a_mistyped_data_set_is_told_its_nearest_name() -> None:
    with pytest.raises(ConfigError, match="neither a data set .did you mean 'wlasl_hands'"):
        collection(Path("wlasl_hand"))


def test_experiments_names_folders_and_stores_are_collections(tmp_path: Path) -> None:
    folder = make_corpus(tmp_path / "corpus", words=("house", "sun"))
    part = {"name": "folder", "folder": str(folder), "layout": "hand_21"}
    file = tmp_path / "both.yaml"
    file.write_text(
        f"base: {Path('projects/demo/fingerclip.yaml').absolute()}\n"
        f"dataset: {{name: combined, parts: [{part}, {part}]}}\n"
    )
    both = collection(file)
    assert [both.sets.count(name) for name in ("folder1", "folder2")] == [12, 12]
    assert {row["set"] for row in statistics(both, 0).by_set} == {"folder1", "folder2"}
    assert collection(file, [f"dataset={{name: folder, folder: {folder}, layout: hand_21}}"]).sets[0] == "folder"
    assert collection(Path("folder"), [f"folder={folder}", "layout=hand_21"]).name == "folder"
    assert both.record("folder1_sun-0").answer == both.record("folder2_sun-0").answer
    with pytest.raises(DataError, match="no record 'folder1_sun-9' among 24 .did you mean"):
        both.record("folder1_sun-9")


def test_a_folder_with_wrong_options_is_explained(tmp_path: Path) -> None:
    folder = make_corpus(tmp_path / "corpus", words=("house",))
    with pytest.raises(ConfigError, match="layuot"):
        collection(folder, ["layuot=hand_21"])
    with pytest.raises(ConfigError, match="no such experiment file"):
        collection(tmp_path / "nothing.yaml")


def test_features_have_lengths_but_nothing_to_be_seen(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((7, 16), np.float32))
    (tmp_path / "index.csv").write_text("path,text,split\na.npy,word,train\n")
    found = statistics(collection(tmp_path))
    assert found.total["frames_max"] == 7
    assert found.clips[0]["points"] == 1
    assert {row["what"] for row in found.histograms} == {"frames"}


@pytest.mark.shared
@pytest.mark.parametrize("name", ["ksl_videos", "dgs_sentences32", "lis_letters_static"])
def test_real_sets(name: str, shared_data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MMPT_SIGN_DATA", str(shared_data))
    found = statistics(collection(Path(name)), 20)
    write_tables(found, tmp_path)
    assert found.total["unreadable"] == 0
    assert len(found.looks.lengths) == found.total["clips"]
