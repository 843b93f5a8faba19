from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmpt_sign.errors import DataError, NotInstalledError
from mmpt_sign.features.build import build_store, own_clip
from mmpt_sign.features.manifest import MANIFEST
from mmpt_sign.features.sealed import read_sealed, sealed
from mmpt_sign.features.store import Store, opened, verify
from mmpt_sign.poses.arrays import feature_clip, read_source
from mmpt_sign.poses.layouts import layout
from mmpt_sign.records import Source
from tests.features.stores import corpus, made_store
from tests.poses.clips import check, clip_of, signer

POINTS = layout("hands_42").points


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=5), st.sampled_from([2, 3]), st.floats(1e-3, 1e5), st.data())
def test_clips_come_back(tmp_path: Path, lengths: list[int], dims: int, size: float, data: st.DataObject) -> None:
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    missing = data.draw(st.sampled_from([0.0, 0.5, 1.0]))
    clips = [clip_of("hands_42", n, missing=missing, dims=dims, seed=n) for n in lengths]
    clips = [clip.with_data(clip.data * np.float32(size)) for clip in clips]
    store = made_store(folder, clips, shard_clips=data.draw(st.integers(1, 6)))
    assert (len(store), store.lengths) == (len(clips), lengths)
    assert store.layout.points == POINTS
    for item, clip in enumerate(clips):
        again = store.clip(item)
        check(again)
        np.testing.assert_array_equal(again.confidence > 0, clip.confidence > 0)
        np.testing.assert_allclose(again.confidence, clip.confidence, atol=1 / 254)
        assert not again.data[again.confidence == 0].any()
        np.testing.assert_allclose(again.data, clip.data, atol=np.abs(clip.data).max() / 65000, rtol=1e-6)
        assert (again.fps, again.unit_scale) == (clip.fps, clip.unit_scale)
    store.verify()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10)
@given(st.integers(1, 9), st.sampled_from([1, 2, 7, 64]), st.floats(1e-3, 1e3))
def test_features_come_back_to_a_hundredth_of_a_percent_of_each_frame(
    tmp_path: Path, frames: int, size: int, scale: float
) -> None:
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    values = (np.random.default_rng(size).normal(size=(frames, size)) * scale).astype(np.float32)
    store = made_store(folder, [feature_clip(values, 1.5)])
    wrong = np.abs(store.clip(0).data[:, 0] - values).max(1)
    assert (wrong <= np.abs(values).max(1) / 65000).all()
    assert (store.clip(0).fps, store.form.of_features) == (1.5, True)


def test_a_large_picture_keeps_its_pixels(tmp_path: Path) -> None:
    clip = signer(width=1000.0)
    assert np.abs(made_store(tmp_path / "store", [clip]).clip(0).data - clip.data).max() < 0.1


def test_a_component_in_small_units_is_not_drowned_by_a_large_one(tmp_path: Path) -> None:
    clip = clip_of("holistic_576", 8, missing=0)
    world = list(clip.layout.components["POSE_WORLD_LANDMARKS"])
    data = clip.data * 1000
    data[:, world] = clip.data[:, world]
    stored = made_store(tmp_path / "store", [clip.with_data(data)]).clip(0)
    assert np.abs(stored.data - data)[:, world].max() < 1e-4


def test_a_store_is_a_source_by_number_or_by_record_id(tmp_path: Path) -> None:
    made_store(tmp_path / "store", {"a": clip_of("hands_42", 5), "b": clip_of("hands_42", 9, seed=1)})
    expected = opened(tmp_path / "store").clip(1).data[2:6]
    for item, member in ((1, None), (None, "b"), (1, "b"), (0, "b"), (7, "b")):  # the id counts, the number is a hint
        clip = read_source(Source(tmp_path / "store", 2, 6, item=item, member=member))
        np.testing.assert_array_equal(clip.data, expected)
    assert opened(tmp_path / "store") is opened(tmp_path / "store")
    wrong = [Source(tmp_path / "store", item=item) for item in (None, 2, -1)]
    for source in (*wrong, Source(tmp_path / "store", member="c")):
        with pytest.raises(DataError, match="store"):
            read_source(source)


def test_the_index_holds_the_whole_records(tmp_path: Path) -> None:
    records = corpus(tmp_path / "corpus", 5)
    build_store(records, own_clip, tmp_path / "store")
    store = Store.open(tmp_path / "store")
    assert list(store.ids) == [record.id for record in records]
    assert [store.number_of(record.id) for record in records] == list(range(5))
    assert store.number_of("nobody") is None
    for record, again in zip(records, store.records(), strict=True):
        fields = ("id", "split", "texts", "signer", "sign_language", "text_language", "group", "extra")
        assert all(getattr(record, name) == getattr(again, name) for name in fields)
        assert again.frames == len(own_clip(record)) == len(read_source(again.source))
        np.testing.assert_allclose(read_source(again.source).data, own_clip(record).data, atol=1e-4)


def test_a_store_travels_to_other_processes(tmp_path: Path) -> None:
    store = made_store(tmp_path / "store", [clip_of("hands_42", 5)])
    again = pickle.loads(pickle.dumps(store))
    np.testing.assert_array_equal(again.clip(0).data, store.clip(0).data)


def test_what_is_read_is_never_written_to_the_file(tmp_path: Path) -> None:
    store = made_store(tmp_path / "store", [clip_of("hands_42", 5)])
    before = store.clip(0).data.copy()
    clip = store.clip(0)
    clip.data[:] = 7
    clip.confidence[:] = 7
    np.testing.assert_array_equal(store.clip(0).data, before)
    with pytest.raises(ValueError, match="read-only"):
        store.block(0)[0] = 1
    store.verify()


def test_a_store_that_is_built_anew_is_opened_anew(tmp_path: Path) -> None:
    clips = {"a": clip_of("hands_42", 5), "b": clip_of("hands_42", 9)}
    made_store(tmp_path / "store", clips)
    before = opened(tmp_path / "store").records()
    made_store(tmp_path / "store", {"b": clips["b"], "a": clips["a"]})
    assert opened(tmp_path / "store").lengths == [9, 5]
    assert [len(read_source(record.source)) for record in before] == [5, 9]  # listed before, numbered otherwise


@pytest.mark.parametrize("name", ["shards/00000.bin", "shards/00000.json", "index", MANIFEST])
def test_damage_is_found_when_the_store_is_opened(name: str, tmp_path: Path) -> None:
    made_store(tmp_path / "store", [clip_of("hands_42")])
    path = next((tmp_path / "store").glob(f"{name}*"))
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(DataError, match=path.name):
        Store.open(tmp_path / "store")
    with pytest.raises(DataError, match=path.name):
        verify(tmp_path / "store")


def test_a_changed_clip_is_found_when_it_is_read_and_named_by_verify(tmp_path: Path) -> None:
    store = made_store(tmp_path / "store", {"a": clip_of("hands_42"), "b": clip_of("hands_42", seed=1)})
    path = tmp_path / "store/shards/00000.bin"
    path.write_bytes(path.read_bytes()[:-1] + b"\x07")
    fresh = Store.open(tmp_path / "store")
    fresh.clip(0)
    with pytest.raises(DataError, match=r"clip 1 \('b'\) is damaged"):
        fresh.clip(1)
    with pytest.raises(DataError, match=r"00000\.bin: has changed .*damaged clips: b$"):
        store.verify()


def test_all_damage_is_listed_at_once(tmp_path: Path) -> None:
    made_store(tmp_path / "store", [clip_of("hands_42", seed=n) for n in range(4)], shard_clips=1)
    for name in ("00001.bin", "00002.json"):
        path = tmp_path / "store/shards" / name
        path.write_bytes(path.read_bytes()[:-1])
    (tmp_path / "store/shards/00003.bin").unlink()
    with pytest.raises(DataError) as caught:
        verify(tmp_path / "store")
    assert [name for name in ("1.bin", "2.json", "3.bin") if name not in str(caught.value)] == []


@pytest.mark.parametrize(
    "change",
    [
        {"version": 1},
        {"points": []},
        {"dims": 5},
        {"clips": 9},
        {"frames": 10**15},
        {"files": {}},
        {"files": {"../../etc/passwd": [1, "0"]}},
        {"shards": ["shards/00000", "shards/00000"]},
        {"index": None},
        {"skipped": 3},
    ],
)
def test_a_manifest_that_lies_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    made_store(tmp_path / "store", [clip_of("hands_42")])
    path = tmp_path / "store" / MANIFEST
    path.write_bytes(sealed({**read_sealed(path), **change}))
    with pytest.raises(DataError):
        Store.open(tmp_path / "store")


def test_no_store_and_an_unfinished_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no clip store"):
        Store.open(tmp_path / "nothing")
    (tmp_path / "begun/shards").mkdir(parents=True)
    with pytest.raises(DataError, match="goes on"):
        Store.open(tmp_path / "begun")


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made_store(tmp_path / "store", [clip_of("hands_42")])
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(NotInstalledError, match=r"\[train\]"):
        Store.open(tmp_path / "store")


def test_importing_loads_nothing_heavy() -> None:
    rooms = "mmpt_sign.features.build, mmpt_sign.features.store, mmpt_sign.datasets.stored"
    code = f"import sys, {rooms}; print({{'torch', 'pyarrow'}} & {{*sys.modules}})"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "set()"
