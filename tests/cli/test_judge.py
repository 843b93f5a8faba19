"""``spot``, ``compare`` and ``results`` from the shell."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mmpt_sign.cli.main import app
from mmpt_sign.files import read_csv
from tests.evaluation.test_paired import a_run
from tests.evaluation.test_spotting import ShapeModel, motion

runner = CliRunner()


def said(*words: str, code: int = 0) -> str:
    done = runner.invoke(app, list(words))
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture
def clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    import mmpt_sign

    monkeypatch.setattr(mmpt_sign, "load", lambda path: ShapeModel())
    frames = np.concatenate([motion(word, 50) for word in ("house", "sun", "water")])
    np.save(tmp_path / "long.npy", frames.astype(np.float32))
    return tmp_path / "long.npy"


def test_spot_finds_and_keeps(clip: Path, tmp_path: Path) -> None:
    words = ("spot", str(clip), "sun", "--against", "house", "--against", "water", "--seconds", "1,2", "-k", "3")
    lines = said(*words).splitlines()
    assert len(lines) == 3
    assert "2.00 s - 4.00 s  1.0000" in lines[0]
    assert "over '" in lines[0]
    spans = json.loads(said(*words, "--json", "-o", str(tmp_path / "out")))
    assert (spans[0]["start"], spans[0]["end"]) == (2.0, 4.0)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("spans.csv", "spans.json", "spans.png", "windows.csv")
    }
    assert json.loads((tmp_path / "out" / "spans.json").read_text()) == spans
    assert "no span of at least 9" in said("spot", str(clip), "sun", "--at-least", "9")
    assert "write numbers such as" in said("spot", str(clip), "sun", "--seconds", "long", code=2)
    assert "no such pose file" in said("spot", "missing.pose", "sun", code=2)


def test_compare_says_what_moved_and_whether_it_is_chance(tmp_path: Path) -> None:
    weak, strong = a_run(tmp_path / "weak", 1.2), a_run(tmp_path / "strong", 0.5)
    text = said("compare", str(weak), str(strong), "--samples", "500", "-o", str(tmp_path / "out"))
    assert "video to text, R@1: the second run is better beyond chance (80 queries, 95 %)" in text
    rows = read_csv(tmp_path / "out" / "compare.csv")
    assert {row["figure"] for row in rows} == {"R@1", "R@5", "R@10", "MRR", "MeanR"}
    assert len(read_csv(tmp_path / "out" / "classes.csv")) == 16
    assert "no difference beyond chance" in said("compare", str(weak), str(weak), "--samples", "100", "--classes", "0")
    assert "choose query or gold" in said("compare", str(weak), str(strong), "--resample", "signer", code=2)
    assert "run a predict job first" in said("compare", str(weak), str(tmp_path / "out"), code=2)


def test_results_with_pictures(tmp_path: Path) -> None:
    a_run(tmp_path / "runs" / "made", 0.6)
    paths = said("results", str(tmp_path / "runs"), "-o", str(tmp_path / "results"), "--plots").split()
    assert all(Path(path).is_file() for path in paths)
    assert {Path(path).name for path in paths} == {
        *("runs.csv", "summary.csv", "results.md", "results.html", "recall.png", "map.png")
    }
