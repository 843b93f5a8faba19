"""``mmpt-sign index`` and searching in what it made."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

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
