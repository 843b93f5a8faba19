"""What a user names becomes items with ids, targets and spans; mistakes in a table are told together."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmpt_sign.errors import DataError
from mmpt_sign.extraction.listing import from_index, holds_keypoints, walk
from mmpt_sign.video.span import Span


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_folders_are_searched_and_keep_their_order_and_names(tmp_path: Path) -> None:
    touch(tmp_path, "b.mp4", "a/deep/c.MOV", "a/notes.txt", ".hidden/x.mp4", "a/b.c.webm")
    items = walk([tmp_path], ".pose")
    assert [(item.id, item.target) for item in items] == [
        ("a/b.c", "a/b.c.pose"), ("a/deep/c", "a/deep/c.pose"), ("b", "b.pose"),
    ]  # fmt: skip


def test_names_that_differ_in_their_ending_keep_it(tmp_path: Path) -> None:
    touch(tmp_path, "a.mp4", "a.mov", "b.mp4")
    assert [item.target for item in walk([tmp_path], ".pose")] == ["a.mov.pose", "a.mp4.pose", "b.pose"]


def test_a_named_file_is_taken_whatever_it_is_called(tmp_path: Path) -> None:
    touch(tmp_path, "strange.bin")
    assert [item.id for item in walk([tmp_path / "strange.bin"], ".pose")] == ["strange.bin"]


def test_folders_of_keypoints_are_found(tmp_path: Path) -> None:
    touch(tmp_path, "day/clip.1/x_000_keypoints.json", "day/clip.2/x_000_keypoints.json", "day/other/readme.json")
    items = walk([tmp_path], ".pose", holds_keypoints)
    assert [item.target for item in items] == ["day/clip.1.pose", "day/clip.2.pose"]
    assert walk([tmp_path / "day" / "clip.1"], ".pose", holds_keypoints)[0].target == "clip.1.pose"


def test_nothing_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nothing to extract from"):
        walk([tmp_path], ".pose")
    with pytest.raises(DataError, match="no such file or folder"):
        walk([tmp_path / "absent"], ".pose")


def test_a_table_names_sources_spans_and_more(tmp_path: Path) -> None:
    table = tmp_path / "index.csv"
    table.write_text("\ufeffid,video,start,end,text\nx,day/a.mp4,1.5,2.5,house\n,b.mp4,,,tree\n", encoding="utf-8")
    first, second = from_index(table, ".pose")
    assert (first.id, first.source, first.target) == ("x", tmp_path / "day/a.mp4", "x.pose")
    assert first.span == Span(1.5, 2.5)
    assert first.columns == {"id": "x", "start": "1.5", "end": "2.5", "text": "house"}
    assert (second.id, second.target, second.span) == ("b", "b.pose", Span())
    elsewhere = from_index(table, ".pose", folder=tmp_path / "videos", unit="frames")
    assert elsewhere[0].source == tmp_path / "videos" / "day/a.mp4"
    assert elsewhere[0].span.unit == "frames"


def test_all_mistakes_of_a_table_are_told_with_their_lines(tmp_path: Path) -> None:
    table = tmp_path / "index.csv"
    table.write_text("path,start,end\na.mp4,two,\n,,\n../b.mp4,,\nc.mp4,5,4\n")
    with pytest.raises(DataError) as told:
        from_index(table, ".pose")
    assert [problem.split(":")[1] for problem in told.value.problems] == ["2", "3", "4", "5"]


@pytest.mark.parametrize(
    ("text", "words"), [("", "no column path"), ("name\nx\n", "no column path"), ("path\n", "no rows")]
)
def test_tables_without_sources(text: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text(text)
    with pytest.raises(DataError, match=words):
        from_index(tmp_path / "index.csv", ".pose")
