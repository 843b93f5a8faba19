from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmpt_sign.errors import DataError
from mmpt_sign.features.store import MANIFEST, Store, StoreWriter, opened
from mmpt_sign.poses.arrays import read_source
from mmpt_sign.poses.clip import Clip
from mmpt_sign.poses.layouts import layout
from mmpt_sign.records import Source
from tests.poses.clips import check, clip_of, signer

POINTS = layout("hands_42").points


def written(folder: Path, clips: list[Clip], dims: int = 3) -> Store:
    with StoreWriter(folder, POINTS, dims) as writer:
        assert [writer.add(clip) for clip in clips] == list(range(len(clips)))
    return Store.open(folder)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15)
@given(st.lists(st.integers(1, 20), min_size=1, max_size=5), st.sampled_from([2, 3]), st.floats(1e-3, 1e5), st.data())
def test_clips_come_back(tmp_path: Path, lengths: list[int], dims: int, size: float, data: st.DataObject) -> None:
    folder = tmp_path / str(len(list(tmp_path.iterdir())))
    missing = data.draw(st.sampled_from([0.0, 0.5, 1.0]))
    clips = [clip_of("hands_42", n, missing=missing, dims=dims, seed=n) for n in lengths]
    clips = [clip.with_data(clip.data * np.float32(size)) for clip in clips]
    store = written(folder, clips, dims)
    assert (len(store), store.lengths) == (len(clips), lengths)
    for item, clip in enumerate(clips):
        again = store.clip(item)
        check(again)
        np.testing.assert_array_equal(again.confidence > 0, clip.confidence > 0)
        np.testing.assert_allclose(again.confidence, clip.confidence, atol=1 / 254)
        step = np.ptp(clip.data, axis=(0, 1)).max() / 65535
        np.testing.assert_allclose(again.data, clip.data, atol=max(step, 1e-30) * 1.5, rtol=1e-6)
        assert (again.fps, again.unit_scale) == (clip.fps, clip.unit_scale)
    store.verify()


def test_a_large_picture_keeps_its_pixels(tmp_path: Path) -> None:
    clip = signer(width=1000.0)
    with StoreWriter(tmp_path / "store", clip.layout.points) as writer:
        writer.add(clip)
    assert np.abs(Store.open(tmp_path / "store").clip(0).data - clip.data).max() < 0.1


def test_a_store_is_a_source(tmp_path: Path) -> None:
    written(tmp_path / "store", [clip_of("hands_42", 5), clip_of("hands_42", 9, seed=1)])
    clip = read_source(Source(tmp_path / "store", 2, 6, item=1))
    np.testing.assert_array_equal(clip.data, opened(tmp_path / "store").clip(1).data[2:6])
    assert opened(tmp_path / "store") is opened(tmp_path / "store")
    for source in (Source(tmp_path / "store"), Source(tmp_path / "store", item=2), Source(tmp_path / "store", item=-1)):
        with pytest.raises(DataError, match="store"):
            read_source(source)


def test_points_that_a_clip_lacks_are_missing(tmp_path: Path) -> None:
    clip = written(tmp_path / "store", [clip_of("hand_21", missing=0)]).clip(0)
    assert not clip.confidence[:, :21].any()
    assert clip.confidence[:, 21:].all()


def test_an_interrupted_writer_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> None:
        with StoreWriter(tmp_path / "store", POINTS) as writer:
            writer.add(clip_of("hands_42"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not list(tmp_path.iterdir())
    with pytest.raises(DataError, match="no clip store"):
        Store.open(tmp_path / "store")


def test_mistakes_of_the_writer(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no clip was written"), StoreWriter(tmp_path / "store", POINTS):
        pass
    written(tmp_path / "store", [clip_of("hands_42")])
    with pytest.raises(DataError, match="exists already"):
        StoreWriter(tmp_path / "store", POINTS)
    with pytest.raises(DataError, match="2 dimensions"), StoreWriter(tmp_path / "other", POINTS, 2) as writer:
        writer.add(clip_of("hands_42"))
    assert [path.name for path in tmp_path.iterdir()] == ["store"]


@pytest.mark.parametrize(
    "name", ["coordinates.bin", "confidence.bin", "starts.bin", "scales.bin", "rates.bin", MANIFEST]
)
def test_damage_is_found_when_the_store_is_opened(name: str, tmp_path: Path) -> None:
    written(tmp_path / "store", [clip_of("hands_42")])
    path = tmp_path / "store" / name
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(DataError, match=name if name != MANIFEST else "cannot be read"):
        Store.open(tmp_path / "store")


def test_changed_numbers_are_found_on_request(tmp_path: Path) -> None:
    store = written(tmp_path / "store", [clip_of("hands_42")])
    path = tmp_path / "store/confidence.bin"
    path.write_bytes(path.read_bytes()[:-1] + b"\x07")
    with pytest.raises(DataError, match=r"confidence\.bin: has changed"):
        store.verify()


@pytest.mark.parametrize(
    "change",
    [
        {"version": 99},
        {"points": ["a"]},
        {"shapes": {}},
        {
            "shapes": {
                "coordinates": [10**15, 42, 3],
                "confidence": [10**15, 42],
                "starts": [2],
                "scales": [1, 2, 3],
                "rates": [1, 4],
            }
        },
    ],
)
def test_a_manifest_that_lies_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    written(tmp_path / "store", [clip_of("hands_42")])
    path = tmp_path / "store" / MANIFEST
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(DataError):
        Store.open(tmp_path / "store")
