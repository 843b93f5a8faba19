"""``mmpt-sign index`` and searching in what it made."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from mmpt_sign.cli.index import _alone
from mmpt_sign.cli.main import app
from tests.corpus import make_corpus, tiny_experiment

runner = CliRunner()


def said(*words: object, code: int = 0) -> str:
    done = runner.invoke(app, [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run and its corpus beside it."""
    folder = tmp_path_factory.mktemp("index")
    values = tiny_experiment(make_corpus(folder / "corpus"), folder / "runs", epochs=1)
    (folder / "tiny.yaml").write_text(yaml.safe_dump(values))
    said("launch", folder / "tiny.yaml")
    return folder / "runs" / "test" / "tiny"


def test_build_add_remove_and_search(run: Path, tmp_path: Path) -> None:
    file = tmp_path / "signs.npz"
    assert "8 clips, exact" in said("index", "build", run, "-o", file, "--model", run, "--split", "test")
    assert "48 clips" in said("index", "add", file, run, "--model", run)
    assert "47 clips" in said("index", "remove", file, "house-0", "--model", run)
    assert "no clips with these ids: nobody" in said("index", "remove", file, "nobody", "--model", run, code=2)
    lines = said(
        "search", "<en> <ase> sun", "--among", file, "--model", run, "-k", 9, "--signer", "signer1"
    ).splitlines()
    assert len(lines) == 9
    assert all(line.split()[1].endswith(("-1", "-4")) for line in lines)
    assert "did you mean 'exact'" in said("index", "build", run, "-o", file, "--model", run, "--kind", "exakt", code=2)
    assert "too few" in said("index", "build", run, "-o", file, "--model", run, "--kind", "hnsw", code=2)


def test_two_changes_of_an_index_come_one_after_the_other(tmp_path: Path) -> None:
    file, order = tmp_path / "signs.npz", ["first"]
    file.write_bytes(b"old")

    def second() -> None:
        with _alone(tmp_path / "signs"):
            order.append(file.read_text())

    with _alone(file):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.2)
        (tmp_path / "fresh").write_bytes(b"new")
        (tmp_path / "fresh").replace(file)
        assert order == ["first"]
    waiting.join(10)
    assert order == ["first", "new"]
    assert [path.name for path in tmp_path.iterdir()] == ["signs.npz"]


@pytest.mark.parametrize("place", ["file/x", "folder", "/proc/x", ".", "n" * 5000])
def test_what_cannot_be_written_is_refused_before_the_model_is_loaded(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    for ending in (".npy", ".npz", ".png"):
        Path(f"folder{ending}").mkdir()
    before = sorted(tmp_path.iterdir())
    commands = (("embed", "a.npy", "-o"), ("search", "a", "--among", ".", "--save"), ("index", "build", ".", "-o"))
    for command in commands:
        text = said(*command, place, "--model", "nowhere", code=2)
        assert "cannot be written" in text or "is a folder" in text
        assert len(text) < 400
    assert "is a folder" in said("score", "a.npy", "x", "--plot", "folder.png", "--model", "nowhere", code=2)
    assert sorted(tmp_path.iterdir()) == before


def test_the_end_of_a_name_is_kept_and_files_are_told_from_texts(run: Path, tmp_path: Path) -> None:
    for version in ("v1.2", "v1.3"):
        assert f"{version}.npy: 1 vectors" in said(
            "embed", "--text", version, "-o", tmp_path / f"feats_{version}", "--model", run
        )
    file = tmp_path / "signs.v1"
    said("index", "build", run, "-o", file, "--model", run, "--split", "test")
    assert {path.name for path in tmp_path.iterdir()} == {"feats_v1.2.npy", "feats_v1.3.npy", "signs.v1.npz"}
    np.save(tmp_path / "unseen.npy", np.full((5, 21, 3), np.nan, np.float32))
    query = ("--among", f"{file}.npz", "--model", run)
    assert "unseen.npy: no point that the model reads is seen" in said(
        "search", tmp_path / "unseen.npy", *query, code=2
    )
    assert "nothing.npy: no such pose file" in said("search", tmp_path / "nothing.npy", *query, code=2)


def test_clips_that_are_left_out_are_named(run: Path, tmp_path: Path) -> None:
    from shutil import copytree

    corpus = copytree(run.parents[2] / "corpus", tmp_path / "corpus")
    np.save(corpus / "sun-2.npy", np.zeros((0, 21, 3), np.float32))
    np.save(corpus / "sun-3.npy", np.full((5, 21, 3), np.nan, np.float32))
    text = said("search", "sun", "--among", corpus, "--model", run, "-k", 1)
    assert "left out sun-2" in text
    assert "sun-2.npy: has no frames" in text
    assert "left out sun-3" in text


def test_what_the_system_refuses_is_a_sentence(tmp_path: Path) -> None:
    text = said("score", "n" * 5000, "x", code=2)
    assert "File name too long" in text
    assert len(text) < 400
    (tmp_path / "file").touch()
    assert "file" in said("cp", "demo/fingerclip", tmp_path / "file" / "x.yaml", code=2)
