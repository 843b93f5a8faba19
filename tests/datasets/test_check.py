from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmpt_sign.datasets._check import check, check_folder, check_named
from mmpt_sign.datasets.folder import Folder
from mmpt_sign.datasets.lis_letters_static import LisLetters
from mmpt_sign.errors import ConfigError, DataError
from tests.datasets import layouts
from tests.datasets.corpora import pose_file, write_csv

COLUMNS = ("id", "path", "split", "signer", "sign_language", "text_language", "text", "start", "end", "frames")


def table(folder: Path, *rows: dict[str, Any]) -> Path:
    write_csv(folder / "index.csv", [{**dict.fromkeys(COLUMNS, ""), **row} for row in rows])
    return folder


def row(number: int, **values: Any) -> dict[str, Any]:
    usual = {"id": f"r{number}", "path": f"{number}.pose", "split": "train", "sign_language": "ase", "text": "house"}
    return {**usual, "text_language": "en", **values}


def test_a_good_folder_has_no_problems(tmp_path: Path) -> None:
    for k in (2, 3, 4):
        pose_file(tmp_path / f"{k}.pose", k)
    report = check_folder(table(tmp_path, row(2, frames=2), row(3, split="val"), row(4, split="test", start=1, end=4)))
    assert report.problems == ()
    assert report.notes == ()
    assert report.summary[0] == "train: 1 clips, 1 answers, sign languages ase"


def test_every_kind_of_problem_in_one_go(tmp_path: Path) -> None:
    for k in (2, 3, 4, 5, 6, 12):
        pose_file(tmp_path / f"{k}.pose", 5)
    pose_file(tmp_path / "8.pose", 4, seen=0.0)
    (tmp_path / "9.pose").write_bytes(b"no pose")
    (tmp_path / "10.pose").write_bytes(pose_file(tmp_path / "x.pose", 3).read_bytes()[:-40])
    np.save(tmp_path / "11.npy", np.ones((0, 21, 3), np.float32))
    rows = [
        row(2),
        row(3, id="r2"),
        row(4, sign_language="asl"),
        row(5, text=""),
        row(6, start=2, end=9),
        row(7),
        row(8),
        row(9),
        row(10),
        row(11, path="11.npy"),
        row(12, frames=7),
        row(13, path="2.pose", split="test", text="moon"),
        row(14, path="../x.pose"),
        row(15, path="12.pose", start=7, end=9),
    ]
    problems = "\n".join(check_folder(table(tmp_path, *rows)).problems)
    for number, words in {
        3: "id 'r2' is already that of row 2",
        4: "did you mean 'ase'",
        5: "the text is empty",
        6: "end 9 lies behind the clip",
        7: "no file",
        8: "no detected point",
        9: "9.pose",
        10: "10.pose",
        11: "11.npy",
        12: "frames says 7, the clip has 5",
        13: "the same clip as row 2, but in test",
        14: "leaves the folder",
        15: "12.pose",
    }.items():
        assert any(p.startswith(f"row {number}") and words in p for p in problems.split("\n")), (number, problems)
    assert [int(p.split()[1].strip(":")) for p in problems.split("\n")] == list(range(3, 16))


def test_notes_are_no_problems(tmp_path: Path) -> None:
    for k in (2, 3, 4):
        pose_file(tmp_path / f"{k}.pose", k)
    rows = (row(2, signer="s"), row(3, split="test", text="moon", signer="s"), row(4, split="extra"))
    report = check_folder(table(tmp_path, *rows))
    assert report.problems == ()
    notes = "\n".join(report.notes)
    assert "no split 'valid'" in notes
    assert "1 answers of test are not in train: <en> <ase> moon" in notes
    assert "split 'extra'" in notes
    assert "1 of the 1 signers of test are in train too" in notes


def test_spans_of_one_file_in_two_splits(tmp_path: Path) -> None:
    pose_file(tmp_path / "a.pose", 20)
    apart = (row(2, path="a.pose", end=10), row(3, path="a.pose", split="test", start=10))
    assert check_folder(table(tmp_path, *apart)).problems == ()
    overlapping = (row(2, path="a.pose", end=11), row(3, path="a.pose", split="test", start=10))
    assert len(check_folder(table(tmp_path, *overlapping)).problems) == 1


def test_nothing_to_train_on(tmp_path: Path) -> None:
    pose_file(tmp_path / "2.pose")
    (problem,) = check_folder(table(tmp_path, row(2, split="test"))).problems
    assert problem.startswith("split 'train': is empty")


def test_a_broken_table_is_the_only_problem(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text("path\nx.pose\n")
    assert check_folder(tmp_path).problems == (f"{tmp_path / 'index.csv'}: no column 'text'; it has path",)


def test_a_table_in_the_words_of_the_real_sets(shared_data: Path) -> None:
    report = check_folder(shared_data / "ksl_videos")
    assert report.problems == ("split 'train': is empty, nothing to learn from; there is all (16)",)


def test_any_data_set_with_tables_can_be_checked(shared_data: Path) -> None:
    assert check(LisLetters(), shared_data).problems == ()


@pytest.mark.parametrize("option", [{"layout": "hand_21"}, {"sign_language": "gsg"}])
def test_options_of_the_folder(tmp_path: Path, option: dict[str, str]) -> None:
    np.save(tmp_path / "2.npy", np.ones((3, 21, 3), np.float32))
    assert check_folder(table(tmp_path, row(2, path="2.npy")), **option).problems == ()
    assert isinstance(Folder.model_validate({"folder": tmp_path, **option}), Folder)


def test_a_data_set_by_its_name(tmp_path: Path) -> None:
    layouts.asl_citizen(tmp_path / "asl_citizen")
    report = check_named("asl_citizen", ["gloss=plain"], tmp_path)
    assert report.problems == ()
    assert report.counts[0] == "train: 2 clips, 1 answers, sign languages ase"
    layouts.rwth_fingerspelling(tmp_path / "rwth_fingerspelling")
    assert check_named("rwth_fingerspelling", [], tmp_path).problems == ()
    with pytest.raises(ConfigError, match="did you mean 'asl_citizen'"):
        check_named("asl_citzen")
    with pytest.raises(ConfigError, match="asl_citizen: gloss"):
        check_named("asl_citizen", ["gloss=nice"])
    with pytest.raises(DataError, match=r"docs/data/sem_lex.md"):
        check_named("sem_lex", [], tmp_path)


def test_clips_that_are_not_there_are_one_problem_or_a_note(tmp_path: Path) -> None:
    layouts.asl_citizen(tmp_path / "asl_citizen")
    for path in (tmp_path / "asl_citizen" / "poses").glob("[12]*"):
        path.unlink()
    *_, absent, empty = sorted(check_named("asl_citizen", [], tmp_path).problems)
    assert absent.startswith("data set 'asl_citizen': 2 of the 4 listed clips are not there")
    assert empty.startswith("split 'train': is empty")
    layouts.spreadthesign(tmp_path / "spreadthesign")
    report = check_named("spreadthesign", [], tmp_path)
    assert report.problems == ()
    assert report.notes[0].startswith("data set 'spreadthesign': 1 of the 5 listed clips are not there")
    assert report.counts[0].startswith("train: 2 clips")
