"""Feature files of other programs: right ones are read, wrong ones are named, hostile ones do nothing."""

from __future__ import annotations

import gzip
import os
import pickle
import struct
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy.io import savemat

from mmpt_sign.errors import DataError, NotInstalledError
from mmpt_sign.features.foreign import Layout, Reader, read_ids, records_of
from mmpt_sign.features.pickles import read_pickle
from mmpt_sign.features.store import Store
from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.layouts import layout

ROWS = np.random.default_rng(0).normal(size=(7, 12)).astype(np.float32)


def clip(path: Path, layout: Layout, **options: Any) -> Clip:
    (record,) = records_of([path], layout)
    return Reader(layout, **options)(record)


def pickled(path: Path, content: Any, protocol: int = 4) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(content, protocol))
    return path


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("kind", ["<f4", ">f4", "<f8", "<f2"])
def test_pickles_of_cico_in_every_protocol(tmp_path: Path, protocol: int, kind: str) -> None:
    content = {"name": "videos/a.mp4", "feature": ROWS.astype(kind), "score": np.float32(1.5)}
    path = pickled(tmp_path / "a.pkl", content, protocol)
    np.testing.assert_allclose(clip(path, "cico_pkl").data[:, 0], ROWS, rtol=1e-2)
    assert read_pickle(path)["score"] == 1.5
    turned = pickled(tmp_path / "b.pkl", {"feature": np.asfortranarray(ROWS)}, protocol)
    assert np.array_equal(clip(turned, "cico_pkl").data[:, 0], ROWS)


def test_folders_are_splits_and_names_are_ids(tmp_path: Path) -> None:
    for name in ("train/a.b", "train/c", "test/d"):
        pickled(tmp_path / f"{name}.pkl", {"name": name, "feature": ROWS})
    records = records_of([tmp_path], "cico_pkl")
    assert [(r.id, r.split) for r in records] == [("d", "test"), ("a.b", "train"), ("c", "train")]
    assert [r.split for r in records_of([tmp_path / "train"], "cico_pkl", split="valid")] == ["valid", "valid"]
    (tmp_path / "ids.txt").write_text("c\n\nd\n")
    assert [r.id for r in records_of([tmp_path], "cico_pkl", ids=read_ids(tmp_path / "ids.txt"))] == ["c", "d"]
    with pytest.raises(DataError, match="1 of 2 ids have no file: e"):
        records_of([tmp_path], "cico_pkl", ids=["c", "e"])


def test_thinned_pickles_of_seds(tmp_path: Path) -> None:
    assert len(clip(pickled(tmp_path / "a.pkl", {"feature": ROWS}), "seds_pkl")) == 7
    long = pickled(tmp_path / "b.pkl", {"feature": np.zeros((65, 4), np.float32)})
    with pytest.raises(DataError, match="at most 64"):
        clip(long, "seds_pkl")


def test_gzipped_lists_of_twostream_with_tensors(tmp_path: Path) -> None:
    tensor = torch.from_numpy(ROWS)
    entries = [
        {"name": "train/x", "gloss": "A B", "text": "a b", "num_frames": 28, "sign": tensor},
        {"name": "train/y", "gloss": "", "text": "", "num_frames": 8, "sign": tensor.repeat(2, 1)[3:9, ::2]},
    ]
    with gzip.open(tmp_path / "train.pkl", "wb") as file:
        pickle.dump(entries, file)
    first, second = records_of([tmp_path], "twostream_pkl")
    assert (first.id, first.split, first.texts, second.texts) == ("train/x", "train", ("a b",), ())
    read = Reader("twostream_pkl", fps=6.25)
    assert np.array_equal(read(first).data[:, 0], ROWS)
    assert np.array_equal(read(second).data[:, 0], np.tile(ROWS, (2, 1))[3:9, ::2])
    assert read(first).fps == 6.25


def test_arrays_and_matlab(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", ROWS[:, :, None, None])
    assert np.array_equal(clip(tmp_path / "a.npy", "npy").data[:, 0], ROWS)
    np.save(tmp_path / "b.npy", ROWS[0])
    assert clip(tmp_path / "b.npy", "npy").data.shape == (1, 1, 12)
    savemat(tmp_path / "c.mat", {"preds": ROWS, "fps": 25.0}, do_compression=True)
    assert np.array_equal(clip(tmp_path / "c.mat", "mat").data[:, 0], ROWS)
    savemat(tmp_path / "d.mat", {"one": ROWS, "two": ROWS * 2})
    with pytest.raises(DataError, match="--key; it has one, two"):
        clip(tmp_path / "d.mat", "mat")
    assert np.array_equal(clip(tmp_path / "d.mat", "mat", key="two").data[:, 0], ROWS * 2)


@pytest.mark.skipif(find_spec("h5py") is not None, reason="h5py is installed")
def test_matlab_of_version_7_needs_h5py(tmp_path: Path) -> None:
    (tmp_path / "new.mat").write_bytes(b"MATLAB 7.3 MAT-file".ljust(512) + b"\x89HDF\r\n\x1a\n")
    with pytest.raises(NotInstalledError, match="pip install h5py"):
        clip(tmp_path / "new.mat", "mat")


WRONG = {
    "list": [1],
    "no feature": {"name": "x"},
    "text": {"feature": "text"},
    "empty": {"feature": np.zeros((0, 3))},
    "not finite": {"feature": ROWS * np.nan},
    "none": {"feature": None},
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_wrong_contents_are_named(tmp_path: Path, content: Any) -> None:
    with pytest.raises(DataError, match=r"a\.pkl"):
        clip(pickled(tmp_path / "a.pkl", content), "cico_pkl")


class Calls:
    """Pickles as a call of any function."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


HOSTILE = {
    "a command": pickle.dumps({"feature": Calls(os.system, "touch ran")}),
    "an evaluation": pickle.dumps({"feature": Calls(eval, "open('ran', 'w')")}),
    "an import": pickle.dumps(Calls(__import__, "antigravity")),
    "a file": pickle.dumps(Calls(open, "ran", "w")),
    "an array of any size": pickle.dumps(Calls(np.ndarray, (1 << 40,))),
    "an array of objects": pickle.dumps({"feature": np.array([{}, []], dtype=object)}),
    "a class of its own": b"\x80\x04\x8c\x08builtins\x8c\x04dict\x93)\x81.",
    "an old instance": b"(ios\nsystem\n.",
    "a place far away": b"\x80\x02]r\xff\xff\xff\x7f.",
    "bytes that are not there": b"\x80\x04\x8e" + struct.pack("<Q", 1 << 40) + b"abc.",
    "a byte array that is not there": b"\x80\x05\x96" + struct.pack("<Q", 1 << 34) + b"abc.",
    "lists in lists": b"\x80\x02" + b"]" * 200_000 + b"a" * 199_999 + b".",
    "more shape than bytes": pickle.dumps({"feature": ROWS}).replace(b"K\x07K\x0c", b"K\xffK\xff"),
    "nothing": b"",
    "half": pickle.dumps({"feature": ROWS})[:100],
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("zipped", [False, True])
def test_hostile_pickles_do_nothing(tmp_path: Path, data: bytes, zipped: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.pkl").write_bytes(gzip.compress(data) if zipped else data)
    with pytest.raises(DataError, match=r"a\.pkl"):
        clip(tmp_path / "a.pkl", "cico_pkl")
    with pytest.raises(DataError, match=r"a\.pkl"):
        records_of([tmp_path / "a.pkl"], "twostream_pkl")
    assert not (tmp_path / "ran").exists()


def test_a_tensor_cannot_be_larger_than_its_numbers(tmp_path: Path) -> None:
    spread = torch.zeros(4).as_strided((1 << 20, 1 << 20), (0, 0))
    path = pickled(tmp_path / "a.pkl", [{"name": "x", "sign": spread}])
    with pytest.raises(DataError, match="repeats its storage"):
        records_of([path], "twostream_pkl")


def test_bombs_are_cut_off(tmp_path: Path) -> None:
    with gzip.open(tmp_path / "a.pkl", "wb") as file:
        file.write(pickle.dumps(bytes(1 << 22)))
    with pytest.raises(DataError, match="more than 65536 bytes"):
        read_pickle(tmp_path / "a.pkl", most=1 << 16)
    doubled: list[Any] = [1]
    for _ in range(60):
        doubled = [doubled, doubled]
    assert read_pickle(pickled(tmp_path / "b.pkl", {"feature": doubled}))["feature"][0] is not None


def test_a_text_that_is_made_bytes_again_and_again_is_cut_off(tmp_path: Path) -> None:
    text = b"a" * 1_000_000
    program = b"\x80\x02X" + len(text).to_bytes(4, "little") + text + b"q\x000c_codecs\nencode\nq\x010"
    program += b"X\x06\x00\x00\x00latin1q\x020]" + b"h\x01h\x00h\x02\x86Ra" * 100 + b"."
    (tmp_path / "a.pkl").write_bytes(gzip.compress(program))
    with pytest.raises(DataError, match="more than 8 times its own size"):
        read_pickle(tmp_path / "a.pkl")
    (tmp_path / "b.pkl").write_bytes(gzip.compress(b"N0" * (10 << 20)))
    with pytest.raises(DataError, match=r"b\.pkl: more than \d+ bytes"):
        read_pickle(tmp_path / "b.pkl")


def test_references_to_itself_end(tmp_path: Path) -> None:
    circle: dict[str, Any] = {}
    circle["feature"] = circle
    assert read_pickle(pickled(tmp_path / "a.pkl", circle))["feature"]


@pytest.mark.parametrize("data", [b"", b"MATLAB 5.0 MAT-file".ljust(128, b" ") + os.urandom(300), os.urandom(400)])
def test_damaged_matlab_files_are_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.mat").write_bytes(data)
    with pytest.raises(DataError, match=r"a\.mat"):
        clip(tmp_path / "a.mat", "mat")


def test_a_store_of_them(tmp_path: Path) -> None:
    build = pytest.importorskip("mmpt_sign.features.build")
    for n in range(3):
        pickled(tmp_path / f"files/{n}.pkl", {"feature": ROWS + n})
    pickled(tmp_path / "files/bad.pkl", {"feature": Calls(os.system, "true")})
    built = build.build_store(
        records_of([tmp_path / "files"], "cico_pkl"), Reader("cico_pkl"), tmp_path / "store", max_skipped=0.5
    )
    store = Store.open(tmp_path / "store")
    assert list(store.ids) == ["0", "1", "2"]
    assert list(built.skipped) == ["bad"]
    np.testing.assert_allclose(store.clip(2).data[:, 0], ROWS + 2, atol=1e-3)


def test_key_points_of_seds_are_clips_of_a_whole_body(tmp_path: Path) -> None:
    points = np.random.default_rng(0).uniform(1, 200, (3, 133, 3)).astype(np.float32)
    points[..., 2] = 0.5
    points[1, 91, 2] = 0
    points[1, 7, 2] = 0
    names = ["images0003.png", "images0001.png", "images0002.png"]
    found = clip(pickled(tmp_path / "a.pkl", {"keypoints": points, "img_list": names}), "seds_keypoints")
    assert found.layout == layout("wholebody_133")
    np.testing.assert_array_equal(found.data[1, 5], points[2, 5, :2])
    hand = found.layout.position["LEFT_HAND_LANDMARKS.WRIST"]
    assert found.confidence[:, hand].tolist() == [0, 0.5, 0.5]
    np.testing.assert_array_equal(found.data[0, 7], points[1, 7, :2])  # an elbow is read, however unsure
    with pytest.raises(DataError, match=r"has no 'keypoints' \(T, 133, 3\)"):
        clip(pickled(tmp_path / "b.pkl", {"feature": ROWS}), "seds_keypoints")
