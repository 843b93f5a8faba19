"""``data stats``, ``data show`` and ``data split`` from the shell."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mmpt_sign.cli.main import app
from tests.corpus import make_corpus

runner = CliRunner()
LAYOUT = ("-O", "layout=hand_21")


def said(*words: str, code: int = 0) -> str:
    done = runner.invoke(app, ["data", *words])
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return make_corpus(tmp_path / "corpus")


def test_stats_writes_tables_plots_and_a_page(corpus: Path, tmp_path: Path) -> None:
    text = said("stats", str(corpus), "-o", str(tmp_path / "out"), *LAYOUT)
    assert "corpus: 48 clips, 0.01 hours, 8 signs" in text
    assert "3 of the 3 signers" not in text
    assert "note: 1 of the 1 signers of test are in train too" in text
    assert (tmp_path / "out" / "index.html").is_file()
    assert (tmp_path / "out" / "plots" / "lengths.svg").is_file()
    said("stats", str(corpus), "-o", str(tmp_path / "bare"), "--no-plots", "--sample", "3", *LAYOUT)
    assert not (tmp_path / "bare" / "plots").exists()
    assert len((tmp_path / "bare" / "clips.csv").read_text().splitlines()) == 4


def test_show_draws_and_checks_the_name_first(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "a.png"
    assert "2 panels" in said("show", str(corpus), "sun-0", "sun-1", "-o", str(out), "--height", "64", *LAYOUT)
    assert out.is_file()
    assert "the name must end in" in said("show", str(corpus), "sun-0", "-o", "a.webm", code=2)
    assert "no record 'sin-0'" in said("show", str(corpus), "sin-0", "-o", str(out), *LAYOUT, code=2)
    assert "did you mean 'prepared'" in said("show", str(corpus), "x", "-o", str(out), "--stage", "prepard", code=2)


def test_a_split_is_drawn_and_used(corpus: Path, tmp_path: Path) -> None:
    from mmpt_sign.datasets.folder import Folder

    table = tmp_path / "split.csv"
    text = said("split", str(corpus), "--by", "signer", "--shares", "0.34,0.33,0.33", "-o", str(table))
    assert "train: 16 clips (33.3%), 8 answers, 1 signers" in text
    first = table.read_text()
    said("split", str(corpus), "--by", "signer", "--shares", "0.34,0.33,0.33", "-o", str(table))
    assert table.read_text() == first
    records = Folder.model_validate({"folder": corpus, "layout": "hand_21", "split_file": table}).records(None)
    of = {split: {record.signer for record in records if record.split == split} for split in ("train", "valid", "test")}
    assert not of["train"] & of["test"]
    assert not of["valid"] & of["test"]
    assert "use --by random" in said(
        "split", str(corpus), "-o", str(table), "-O", "columns={signer: text_language}", code=2
    )
