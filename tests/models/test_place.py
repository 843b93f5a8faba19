"""What a model may replace, and what it never does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmpt_sign.errors import ConfigError
from mmpt_sign.models.checkpoint import load_model, put_back, save_model
from mmpt_sign.models.place import place_for_model
from tests.inference.made import token_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "model"
    write(folder)
    return folder


def write(folder: Path) -> None:
    made = token_model()
    save_model(folder, made.network, made.experiment, made.tokenizer, {})


def test_a_model_is_written_again_and_again(model: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(model)
    write(tmp_path / "link")
    model.rename(model.with_name(".model-before"))  # as a kill between the two renames leaves it
    put_back(tmp_path / "link")
    write(model)
    assert load_model(model, "cpu")
    assert [path.name for path in model.parent.iterdir()] == ["model"]
    (tmp_path / "empty").mkdir()
    assert place_for_model(tmp_path / "empty") == tmp_path / "empty"


@pytest.mark.parametrize(
    "files",
    [
        {"thesis.txt": "x"},
        {"config.json": json.dumps({"model_type": "bert"})},
        {"config.json": json.dumps({"format": 1}), "thesis.txt": "x"},
        {"config.json": "[" * 100_000},
        {"feed.json": json.dumps({"format": 1}), "model.safetensors": "x"},
    ],
)
def test_other_things_stay(files: dict[str, str], tmp_path: Path) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    with pytest.raises(ConfigError, match="no exported model"):
        write(folder)
    assert {path.name: path.read_text() for path in folder.iterdir()} == files
    assert [path.name for path in tmp_path.iterdir()] == ["home"]


def test_neither_a_file_nor_the_folder_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="is a file"):
        write(tmp_path / "file")
    (tmp_path / "inside").mkdir()
    monkeypatch.chdir(tmp_path / "inside")
    for folder in (".", ".."):
        with pytest.raises(ConfigError, match="the folder you are in"):
            write(Path(folder))
    assert (tmp_path / "file").read_text() == "x"
