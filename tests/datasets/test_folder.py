from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from mmpt_sign.datasets.folder import Folder
from mmpt_sign.errors import DataError
from mmpt_sign.poses.arrays import read_source
from tests.datasets.corpora import pose_file, write_csv

ROWS: list[dict[str, Any]] = [
    {"id": "a", "path": "a.pose", "split": "train", "signer": "s1", "sign_language": "ase", "text": "house"},
    {"id": "b", "path": "sub/b.npy", "split": "val", "signer": "unknown", "sign_language": "gsg", "text": "Haus"},
    {"id": "c", "path": "sub/b.npy", "split": "test", "signer": "s2", "sign_language": "", "text": "sun"},
]


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    pose_file(tmp_path / "a.pose", 6)
    (tmp_path / "sub").mkdir()
    np.save(tmp_path / "sub" / "b.npy", np.ones((9, 21, 3), np.float32))
    extra: tuple[dict[str, Any], ...] = (
        {"text_language": "en"},
        {"text_language": "de", "end": 4},
        {"start": 4, "end": 8, "group": "g"},
    )
    columns = ("text_language", "start", "end", "group")
    write_csv(
        tmp_path / "index.csv",
        [{**row, **dict.fromkeys(columns, ""), **more} for row, more in zip(ROWS, extra, strict=True)],
    )
    return tmp_path


def test_rows_become_records(corpus: Path) -> None:
    a, b, c = Folder(folder=corpus, layout="hand_21", sign_language="bfi").records(None)
    assert [r.split for r in (a, b, c)] == ["train", "valid", "test"]
    assert a.texts == ("<en> <ase> house",)
    assert b.texts == ("<de> <gsg> Haus",)
    assert c.texts == ("<en> <bfi> sun",)
    assert (a.signer, b.signer) == ("s1", "")
    assert (a.answer, c.answer) == ("<en> <ase> house", "g")
    assert (c.source.start, c.source.end, c.source.layout) == (4, 8, "hand_21")
    assert [len(read_source(r.source)) for r in (a, b, c)] == [6, 4, 4]
    assert a.extra["row"] == "2"


def test_columns_splits_and_prompts_from_yaml(tmp_path: Path) -> None:
    rows = [
        {"file": "x.npy", "gloss": "HAUS", "part": "eins", "who": "p"},
        {"file": "y.npy", "gloss": "SONNE", "part": "zwei", "who": "q"},
    ]
    write_csv(tmp_path / "list.csv", rows)
    columns = {"path": "file", "text": "gloss", "split": "part", "signer": "who"}
    data = Folder(
        folder=tmp_path, index="list.csv", columns=columns, splits={"eins": "train", "zwei": "test"},
        prompts=["{text} by {signer}", "{text}"], fps=30,
    )  # fmt: skip
    one, two = data.records(None)
    assert (one.split, two.split) == ("train", "test")
    assert one.texts == ("HAUS by p", "HAUS")
    assert (one.id, one.source.fps) == ("0", 30)


def test_a_renamed_column_hides_one_of_our_name(tmp_path: Path) -> None:
    write_csv(tmp_path / "index.csv", [{"path": "x.npy", "text": "wrong", "gloss": "right"}])
    (record,) = Folder(folder=tmp_path, columns={"text": "gloss"}).records(None)
    assert record.extra["text"] == "right"


def test_the_data_root_comes_first(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(Folder(folder=Path(corpus.name)).records(corpus.parent)) == 3
    monkeypatch.setenv("MMPT_SIGN_DATA", str(corpus.parent))
    assert len(Folder(folder=Path(corpus.name)).records(None)) == 3
    monkeypatch.delenv("MMPT_SIGN_DATA")
    monkeypatch.chdir(corpus.parent)
    assert len(Folder(folder=Path(corpus.name)).records(None)) == 3


def test_a_missing_table_says_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"index.csv: no such folder.*docs/data/folder.md"):
        Folder(folder=tmp_path / "nowhere").records(None)
    (tmp_path / "table.csv").touch()
    with pytest.raises(DataError, match=r"holds table.csv"):
        Folder(folder=tmp_path).records(None)


@pytest.mark.parametrize("path", ["../x.pose", "/etc/x.pose", "a/../../x.pose", "", "..\\x.pose", "x.mp4"])
def test_paths_stay_inside(tmp_path: Path, path: str) -> None:
    write_csv(tmp_path / "index.csv", [{"path": path, "text": "x"}])
    with pytest.raises(DataError, match="row 2"):
        Folder(folder=tmp_path).records(None)


def test_absolute_paths_when_allowed(tmp_path: Path) -> None:
    write_csv(tmp_path / "index.csv", [{"path": "/data/x.pose", "text": "x"}])
    (record,) = Folder(folder=tmp_path, allow_absolute=True).records(None)
    assert record.source.path == Path("/data/x.pose")
    write_csv(tmp_path / "index.csv", [{"path": "../x.pose", "text": "x"}])
    with pytest.raises(DataError, match="leaves the folder"):
        Folder(folder=tmp_path, allow_absolute=True).records(None)


def test_all_wrong_rows_are_reported(tmp_path: Path) -> None:
    good = {"path": "x.npy", "text": "x", "start": "", "end": "", "frames": "", "fps": "", "item": ""}
    wrong: list[dict[str, Any]] = [
        {"start": "two"},
        {"end": 0},
        {"start": -1},
        {"frames": 1.5},
        {"fps": "nan"},
        {"item": -1},
        {"path": "x.txt"},
    ]
    write_csv(tmp_path / "index.csv", [good, *({**good, **w} for w in wrong)])
    with pytest.raises(DataError) as caught:
        Folder(folder=tmp_path).records(None)
    assert [problem.split("row ")[1][0] for problem in caught.value.problems] == list("3456789")


def test_repeated_ids(tmp_path: Path) -> None:
    write_csv(tmp_path / "index.csv", [{"id": "a", "path": "x.npy", "text": "x"}] * 2)
    with pytest.raises(DataError, match="id 'a' of row 3 is already that of row 2"):
        Folder(folder=tmp_path).records(None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"path,word\nx.npy,x\n", "no column 'text'"),
        (b"path,text\nx.npy\n", "row 2 has 1 fields, the header 2"),
        (b"path,text,text\nx.npy,x,y\n", "two columns are called 'text'"),
        ("path,text\nx.npy,Grüße\n".encode("latin-1"), "not UTF-8"),
        (b'path,text\nx.npy,"x\n', "not valid CSV"),
        (b"path,text\nx.npy," + b"x" * 200_000 + b"\n", "not valid CSV"),
    ],
)
def test_broken_tables(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "index.csv").write_bytes(content)
    with pytest.raises(DataError, match=message):
        Folder(folder=tmp_path).records(None)


def test_a_mistyped_column_is_told_with_the_nearest(tmp_path: Path) -> None:
    write_csv(tmp_path / "index.csv", [{"path": "x.npy", "texts": "x"}])
    with pytest.raises(DataError, match="did you mean 'texts'"):
        Folder(folder=tmp_path).records(None)


def test_spreadsheets_may_leave_a_mark_and_empty_lines(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_bytes("\ufeffpath,text\r\nx.npy,Tür\r\n\r\n".encode())
    (record,) = Folder(folder=tmp_path).records(None)
    assert record.extra["text"] == "Tür"


def test_rows_without_text(tmp_path: Path) -> None:
    write_csv(tmp_path / "index.csv", [{"path": "x.npy", "text": ""}, {"path": "y.npy", "text": "y"}])
    assert len(Folder(folder=tmp_path).records(None)) == 1
    first, _ = Folder(folder=tmp_path, empty_text="nothing").records(None)
    assert first.texts == ("<en> <> nothing",)


def test_new_splits_keep_signers_apart(tmp_path: Path) -> None:
    rows = [{"path": f"{k}.npy", "text": "x", "signer": f"s{k % 10}", "id": k} for k in range(100)]
    write_csv(tmp_path / "index.csv", rows)
    data = Folder(folder=tmp_path, split_by="signer", split_seed=1, valid_share=0.2, test_share=0.3)
    records = data.records(None)
    signers = {split: {r.signer for r in records if r.split == split} for split in ("train", "valid", "test")}
    assert [len(signers[split]) for split in ("train", "valid", "test")] == [5, 2, 3]
    assert data.records(None) == records
    other = Folder(folder=tmp_path, split_by="signer", split_seed=2, valid_share=0.2, test_share=0.3).records(None)
    assert [r.split for r in other] != [r.split for r in records]
    at_random = Folder(folder=tmp_path, split_by="random", valid_share=0.1, test_share=0.1).records(None)
    assert Counter(r.split for r in at_random) == {"train": 80, "valid": 10, "test": 10}


def test_splits_by_signer_need_signers(tmp_path: Path) -> None:
    write_csv(
        tmp_path / "index.csv", [{"path": f"{k}.npy", "text": "x", "signer": "unknown", "id": k} for k in range(9)]
    )
    with pytest.raises(DataError, match="9 of 9 records name no signer"):
        Folder(folder=tmp_path, split_by="signer").records(None)


@pytest.mark.parametrize(
    "wrong", [{"prompts": ["{word}"]}, {"sign_language": "asl"}, {"columns": {"glos": "x"}}, {"split_by": "camera"}]
)
def test_wrong_options(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Folder.model_validate({"folder": tmp_path, **wrong})
