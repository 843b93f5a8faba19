"""Stores from the shell: build, go on, verify, train and predict without the corpus."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml

from mmpt_sign.features.store import Store
from tests.cli.test_commands import said
from tests.corpus import make_corpus, tiny_experiment


@pytest.fixture
def file(tmp_path: Path) -> Path:
    values = tiny_experiment(make_corpus(tmp_path / "corpus"), tmp_path / "runs", epochs=6)
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def test_build_says_what_it_did_and_does_nothing_twice(file: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    frames = sum(len(np.load(path)) for path in (tmp_path / "corpus").glob("*.npy"))
    what = f"48 clips, {frames} frames, 21 points x 3"
    assert f"{what}; 48 packed now" in said("data", "build", str(file), "-o", str(store))
    assert f"{what}; 0 packed now" in said("data", "build", str(file), "-o", str(store))
    assert f"{what}: every byte" in said("data", "verify", str(store))


def test_build_takes_overrides_points_and_dimensions(file: Path, tmp_path: Path) -> None:
    more = ("-K", "dataset.split_by=signer", "--points", "right_hand", "--dims", "2", "--workers", "2")
    assert "21 points x 2" in said("data", "build", str(file), "-o", str(tmp_path / "store"), *more)
    text = said("data", "build", str(file), "-o", str(tmp_path / "other"), "--points", "left_hnd", code=2)
    assert "no selection, component or point 'left_hnd'" in text


def test_build_lists_what_it_left_out_and_fails_past_a_share(file: Path, tmp_path: Path) -> None:
    (tmp_path / "corpus/sun-3.npy").write_bytes(b"nonsense")
    store = str(tmp_path / "store")
    assert "skipped.csv says why" in said("data", "build", str(file), "-o", store)
    assert "1 of 48 clips" in said("data", "build", str(file), "-o", store + "2", "--max-skipped", "0.01", code=2)
    with (tmp_path / "store/skipped.csv").open() as table:
        assert [row["id"] for row in csv.DictReader(table)] == ["sun-3"]


def test_a_changed_source_needs_a_word(file: Path, tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    said("data", "build", str(file), "-o", store)
    shutil.copy(tmp_path / "corpus/sun-3.npy", tmp_path / "corpus/sun-2.npy")
    assert "sun-2" in said("data", "build", str(file), "-o", store, code=2)
    assert "exclude each other" in said("data", "build", str(file), "-o", store, "--keep", "--rebuild", code=2)
    assert "0 packed" in said("data", "build", str(file), "-o", store, "--keep")
    assert "1 packed now" in said("data", "build", str(file), "-o", store, "--rebuild")
    said("data", "verify", store)


def test_clips_are_not_lost_without_a_word(file: Path, tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    said("data", "build", str(file), "-o", store)
    table = tmp_path / "corpus/index.csv"
    table.write_text("\n".join(table.read_text().splitlines()[:-2]) + "\n")
    assert "2 of its 48 clips are not among the 46" in said("data", "build", str(file), "-o", store, code=2)
    assert "46 clips" in said("data", "build", str(file), "-o", store, "--drop")
    said("data", "verify", store)


def test_a_second_import_adds_to_the_first(tmp_path: Path) -> None:
    for name in "ab":
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / f"{name}.npy", np.ones((3, 4), np.float32))
        said("import", "features", str(tmp_path / name), "--layout", "npy", "-o", str(tmp_path / "store"))
    assert list(Store.open(tmp_path / "store").ids) == ["a", "b"]
    said("import", "features", str(tmp_path / "b"), "--layout", "npy", "-o", str(tmp_path / "store"), "--drop")
    assert list(Store.open(tmp_path / "store").ids) == ["b"]


def test_verify_reports_all_damage_with_exit_code_2(file: Path, tmp_path: Path) -> None:
    said("data", "build", str(file), "-o", str(tmp_path / "store"))
    for name in ("00000.bin", "00000.json"):
        path = tmp_path / "store/shards" / name
        path.write_bytes(path.read_bytes()[:-9] + b"\0" * 9)
    text = said("data", "verify", str(tmp_path / "store"), code=2)
    assert "00000.bin: has changed" in text
    assert "00000.json: has changed" in text
    assert "no clip store there" in said("data", "verify", str(tmp_path / "nothing"), code=2)


def test_train_and_predict_from_a_store_without_the_corpus(file: Path, tmp_path: Path) -> None:
    store = str(tmp_path / "store")
    said("data", "build", str(file), "-o", store)
    shutil.rmtree(tmp_path / "corpus")
    values = yaml.safe_load(file.read_text())
    values["dataset"] = {"name": "stored", "folder": store}
    values["streams"]["pose"]["store"] = store
    file.write_text(yaml.safe_dump(values))
    said("launch", str(file))
    said("launch", str(file), "--jobtype", "local_predict")
    run = tmp_path / "runs/test/tiny"
    assert next(run.glob("eval/stored_test*/metrics.csv")).is_file()
    exported = json.loads((run / "model/config.json").read_text())
    assert exported["experiment"]["streams"]["pose"]["store"] is None  # a model in use reads no store
