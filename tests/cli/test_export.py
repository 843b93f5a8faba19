"""``export``, ``score`` with pictures, ``demo`` and ``setup`` from the shell."""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mmpt_sign.cli.main import app
from tests.corpus import make_corpus, tiny_experiment

runner = CliRunner()
PROMPTS = ("<en> <ase> house", "<en> <ase> sun")


def said(*words: str, code: int = 0) -> str:
    done = runner.invoke(app, list(words))
    assert done.exit_code == code, done.output
    return done.output


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained model in ``model`` and a corpus in ``corpus``."""
    from mmpt_sign.config.load import experiment_from_values
    from mmpt_sign.models.checkpoint import save_model
    from mmpt_sign.models.dual_encoder import DualEncoder
    from mmpt_sign.training.workload import Workload

    folder = tmp_path_factory.mktemp("place")
    make_corpus(folder / "corpus", takes=3)
    workload = Workload(experiment_from_values(tiny_experiment(folder / "corpus", folder / "runs"), "test"))
    save_model(folder / "model", DualEncoder(workload.experiment), workload.experiment, workload.tokenizer, {})
    return folder


def test_export_says_size_form_and_what_it_cost(place: Path, tmp_path: Path) -> None:
    text = said("export", str(place / "model"), "--to", "int8", "-o", str(tmp_path / "small"))
    assert "MB" in text
    assert "linear maps in 8 bits" in text
    assert "scores differ by at most" in text
    clip = str(place / "corpus/house-0.npy")
    assert len(said("score", clip, *PROMPTS, "--model", str(tmp_path / "small")).splitlines()) == 2
    assert "known: safetensors, onnx, int8" in said(
        "export", str(place / "model"), "--to", "int4", "-o", str(tmp_path / "x"), code=2
    )


def test_score_draws_bars(place: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    words = ("score", str(place / "corpus/house-0.npy"), *PROMPTS, "--model", str(place / "model"))
    done = runner.invoke(app, [*words, "--json", "--plot", str(tmp_path / "bars.png")])
    assert done.exit_code == 0
    assert [row["prompt"] for row in json.loads(done.stdout)] == list(PROMPTS)
    assert (tmp_path / "bars.png").read_bytes().startswith(b"\x89PNG")
    assert "pictures end in" in said(*words, "--plot", str(tmp_path / "bars.docx"), code=2)


def test_a_video_is_scored_as_its_pose(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    from mmpt_sign.inference import videos
    from mmpt_sign.poses.arrays import clip_from_array

    monkeypatch.setattr(videos, "_estimator", lambda: lambda path, span, remarks: np.load(place / "corpus/house-0.npy"))
    monkeypatch.setattr(videos, "from_pose", lambda pose: clip_from_array(pose, "hand_21"))
    (tmp_path / "house.mp4").touch()
    model = ("--model", str(place / "model"))
    by_video = said("score", str(tmp_path / "house.mp4"), *PROMPTS, *model)
    assert by_video == said("score", str(place / "corpus/house-0.npy"), *PROMPTS, *model)


def test_the_demo_opens_the_page_with_a_dictionary(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[tuple[Any, bool]] = []
    opened: list[str] = []

    def run(settings: Any, listening: Callable[[str], None]) -> None:
        served.append((settings, settings.indexes["default"].is_file()))
        listening("http://127.0.0.1:1234/")

    stub = types.ModuleType("mmpt_sign.serve.run")
    stub.run = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mmpt_sign.serve.run", stub)
    monkeypatch.setattr("webbrowser.open", opened.append)
    words = ("demo", "--model", str(place / "model"), "--among", str(place / "corpus"))
    assert "The page is at http://127.0.0.1:1234/" in said(*words)
    settings, had_an_index = served[0]
    assert had_an_index
    assert not settings.indexes["default"].exists(), "the index goes with the page"
    assert settings.host == "127.0.0.1"
    assert str(settings.models["default"]) == str(place / "model")
    assert opened == ["http://127.0.0.1:1234/"]
    said(*words, "--no-browser", "--port", "8123")
    assert served[1][0].port == 8123
    assert len(opened) == 1


def test_a_demo_without_clips_says_so_and_goes_on(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[Any] = []
    stub = types.ModuleType("mmpt_sign.serve.run")
    stub.run = lambda settings, listening: served.append(settings)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mmpt_sign.serve.run", stub)
    monkeypatch.setattr("mmpt_sign.datasets._place.find_spec", lambda name: None)
    assert "no dictionary to search" in said("demo", "--model", str(place / "model"))
    assert served[0].indexes == {}


def test_setup_of_the_text_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("mmpt_sign.installation.set_up", lambda report, what: asked.append(what))
    said("setup")
    said("setup", "text")
    assert asked == ["train", "text"]
