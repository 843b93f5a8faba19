"""Any TFDS data set through one streaming pass; runs alone where the extra [datasets] is installed."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from mmpt_sign import registry
from mmpt_sign.datasets import _tfds_cache
from mmpt_sign.errors import DataError, NotInstalledError
from mmpt_sign.files import read_csv
from mmpt_sign.poses.arrays import read_source
from mmpt_sign.records import Record

ROOT = Path(__file__).resolve().parents[2]
INSTALLED = all(find_spec(module) for module in ("tensorflow_datasets", "sign_language_datasets"))
with_the_extra = pytest.mark.skipif(not INSTALLED, reason="needs the extra [datasets]")
MADE = {"corpus": "made_signs", "config": "poses", "registered_by": ["tests.datasets.tfds_builder"], "fps": 29.97}


@pytest.fixture(autouse=True)
def _made_builder_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def records(root: Path, **options: Any) -> list[Record]:
    values = {**MADE, "data_dir": str(root / "tfds"), "text_language": "de", **options}
    return list(registry.build("dataset", "sign_language_datasets", **values).records(root))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        records(root, arrays=["lip"])
    return root


@with_the_extra
def test_one_pass_then_pose_files(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("a second pass"))
    found = records(made, arrays=["lip"])
    assert sorted(r.id for r in found) == [
        "test_0", "test_1", "train_0", "train_1", "train_2", "train_3", "validation_0", "validation_1",
    ]  # fmt: skip
    assert {r.split for r in found} == {"train", "valid", "test"}
    one = next(r for r in found if r.id == "train_2")
    assert (one.texts, one.signer, one.sign_language, one.frames) == (("<de> <gsg> Haus",), "s0", "gsg", 4)
    clip = read_source(one.source)
    assert clip.fps == pytest.approx(29.97)
    assert np.allclose(clip.data, 3)
    assert np.allclose(read_source(one.source_of("lip")).data, 2)


@with_the_extra
def test_clips_without_frames_are_listed(made: Path) -> None:
    folder = made / "sign_language_datasets" / "made_signs-1.0.0-poses"
    lines = (folder / "skipped.csv").read_text().splitlines()
    assert len(lines) == 2
    assert lines[1].endswith("4,has no frames")
    assert not (folder / "journal.jsonl").exists()


@with_the_extra
def test_other_options_do_not_get_the_same_folder_silently(made: Path) -> None:
    folder = "sign_language_datasets/made_signs-1.0.0-poses"
    with pytest.raises(DataError, match=r"made with other options \(arrays: \['lip'\], fps: 29.97\)"):
        records(made, fps=None, folder=folder)


@with_the_extra
def test_a_stopped_pass_goes_on_behind_its_last_clip(made: Path) -> None:
    """Clips of the journal are not written again, which is seen by one of them being gone."""
    folder = made / "stopped"
    before = made / "sign_language_datasets" / "made_signs-1.0.0-poses"
    folder.mkdir()
    request = {**json.loads((before / "request.json").read_text()), "arrays": []}
    (folder / "request.json").write_text(json.dumps(request))
    there = [row for row in read_csv(before / "index.csv") if row["split"] == "train"][:2]
    rows = [{"place": row["place"], "split": "train", "id": f"j{n}", "text": "alt"} for n, row in enumerate(there)]
    (folder / "journal.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows) + '{"place": "train/00')
    found = records(made, folder="stopped", absent="ignore")
    assert [r.id for r in found][:2] == ["train_j0", "train_j1"]
    assert len(found) == 8
    assert sum(r.source.path.is_file() for r in found) == 6


@with_the_extra
def test_an_unknown_name_gets_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no data set 'made_sings' \\(did you mean 'made_signs'"):
        records(tmp_path, corpus="made_sings")


@with_the_extra
def test_a_code_of_several_languages_is_no_tag(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="'ISL' names several sign languages"):
        records(tmp_path, extra={"code": "ISL"})


@pytest.mark.skipif(INSTALLED, reason="the extra [datasets] is installed")
def test_without_the_extra_the_message_names_it(tmp_path: Path) -> None:
    with pytest.raises(NotInstalledError, match=r"\[datasets\]"):
        records(tmp_path)


def test_no_place_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MMPT_SIGN_DATA", raising=False)
    with pytest.raises(DataError, match="no place for the pose files of 'made_signs'"):
        registry.build("dataset", "sign_language_datasets", corpus="made_signs").records(None)
    with pytest.raises(ValidationError, match="corpus"):
        registry.build("dataset", "sign_language_datasets", corpus="../up")


def test_tensorflow_is_nobody_elses(tmp_path: Path) -> None:
    """Neither listing nor reading a finished folder imports it."""
    (tmp_path / "index.csv").write_text("place,split,id,text\ntrain/0000000,train,0,house\n")
    code = (
        "import sys; from pathlib import Path; from mmpt_sign import registry; "
        f"options = dict(corpus='x', folder={str(tmp_path)!r}, absent='ignore'); "
        "d = registry.build('dataset', 'sign_language_datasets', **options); "
        "assert d.records(None)[0].id == 'train_0'; "
        "sys.exit(any('tensorflow' in name for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_pass_is_the_only_place_of_the_library() -> None:
    assert _tfds_cache.NEEDED.keys() == {"tensorflow_datasets", "sign_language_datasets"}
    users = [
        path.name
        for path in (ROOT / "mmpt_sign").rglob("*.py")
        if "import tensorflow_datasets" in path.read_text(encoding="utf-8")
    ]
    assert users == ["_tfds_pass.py"]
