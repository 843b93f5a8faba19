from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.batches.example import Examples
from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.config.schema import Experiment
from mmpt_sign.datasets._stores import experiment_records, store_folder
from mmpt_sign.errors import DataError
from mmpt_sign.features.build import build_store, own_clip
from mmpt_sign.features.store import opened
from mmpt_sign.poses.arrays import feature_clip, read_source
from mmpt_sign.poses.clip import Clip
from mmpt_sign.records import Record, Source
from mmpt_sign.registry import build
from mmpt_sign.streams.pose import Pose
from mmpt_sign.training.workload import Workload
from tests.batches.test_example import Letters
from tests.corpus import make_corpus, tiny_experiment
from tests.features.stores import corpus
from tests.poses.clips import pose_bytes, signer


def pose_file(path: Path, clip: Clip) -> Path:
    components: dict[str, list[str]] = {}
    for name in clip.layout.points:
        component, _, point = name.partition(".")
        components.setdefault(component, []).append(point)
    data = clip.data * np.array([1, 1, 1 / 640], np.float32)
    path.write_bytes(pose_bytes(data[:, None], clip.confidence[:, None], components=[*components.items()], axes="XYZC"))
    return path


@pytest.fixture
def poses(tmp_path: Path) -> list[Record]:
    """Right-handed and left-handed signers in pose files."""
    found = []
    for n in range(6):
        path = pose_file(tmp_path / f"{n}.pose", signer(5 + 7 * n, left=n % 2 == 1))
        found.append(Record(f"p{n}", "train", (f"word {n}",), Source(path), signer=f"s{n}"))
    return found


@pytest.mark.parametrize("points", ["reduced_face", "hands", "dominant_hand"])
def test_one_store_gives_the_examples_of_the_pose_files_whatever_points_are_asked_for(
    points: str, poses: list[Record], tmp_path: Path
) -> None:
    build_store(poses, own_clip, tmp_path / "store")
    stored = build("dataset", name="stored", folder=tmp_path / "store").records(None)
    stream = Pose(points=points, max_frames=16, augment={"affine": 0.2, "flip": True})
    streams = {"pose": stream.fixed_to(own_clip(poses[0]).layout)}
    some = [
        Examples(records, streams, Letters(), max_tokens=16, seed=3, training=True)  # type: ignore[arg-type]
        for records in (poses, stored)
    ]
    assert some[0].lengths == some[1].lengths == [5, 12, 16, 16, 16, 16]
    for epoch in (1, 2):
        for examples in some:
            examples.set_epoch(epoch)
        for index in range(6):
            direct, packed = some[0][index], some[1][index]
            np.testing.assert_allclose(packed.frames["pose"], direct.frames["pose"], atol=1e-3)
            assert (packed.tokens, packed.answer_id) == (direct.tokens, direct.answer_id)


def test_records_of_a_store_are_those_it_was_built_from(tmp_path: Path) -> None:
    records = corpus(tmp_path / "corpus", 5)
    build_store(records, own_clip, tmp_path / "store")
    part = build("dataset", name="stored", folder=tmp_path / "store", splits={"test": "valid"})
    for record, again in zip(records, part.records(None), strict=True):
        split = {"test": "valid"}.get(record.split, record.split)
        assert replace(again, source=record.source, frames=None) == replace(record, split=split)


def test_a_store_is_looked_for_in_the_data_root_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("root", "here"):
        build_store(corpus(tmp_path / "corpus", 2), own_clip, tmp_path / place / "one.store")
    monkeypatch.chdir(tmp_path / "here")
    assert store_folder(Path("one.store"), tmp_path / "root") == tmp_path / "root/one.store"
    assert store_folder(Path("one.store"), tmp_path) == Path("one.store")
    monkeypatch.setenv("MMPT_SIGN_DATA", str(tmp_path / "root"))
    assert store_folder(Path("one.store"), None) == tmp_path / "root/one.store"
    with pytest.raises(DataError, match=r"looked for .*root/two.store/manifest.json and two.store.*data build"):
        store_folder(Path("two.store"), None)


def experiment(folder: Path, store: Path | None) -> Experiment:
    values = tiny_experiment(make_corpus(folder / "corpus"), folder / "runs")
    values["streams"]["pose"]["store"] = None if store is None else str(store)  # type: ignore[index]
    return experiment_from_values(values, "test")


def test_a_stream_reads_from_its_store_and_takes_its_lengths_from_the_index(tmp_path: Path) -> None:
    plain = experiment(tmp_path, None)
    direct = experiment_records(plain)
    build_store(direct, own_clip, tmp_path / "store")
    work = Workload(experiment(tmp_path, tmp_path / "store"))
    assert {source.path for record in work.records if (source := record.source_of("pose"))} == {tmp_path / "store"}
    shards = tmp_path / "store/shards"
    shards.rename(tmp_path / "away")  # what is open needs no data until a clip is read
    examples = Examples(work.split("train"), plain.streams, Letters(), max_tokens=8, seed=0, training=True)  # type: ignore[arg-type]
    assert examples.lengths == [len(own_clip(record)) for record in direct if record.split == "train"]
    (tmp_path / "away").rename(shards)
    (tmp_path / "corpus/house-2.npy").unlink()  # the record's own source is not looked at
    assert work.experiment.streams["pose"].width == Workload(plain).experiment.streams["pose"].width
    for record, own in zip(work.records, direct, strict=True):
        if own.id != "house-2":
            np.testing.assert_allclose(read_source(record.source_of("pose")).data, own_clip(own).data, atol=1e-3)


def test_streams_of_one_record_come_from_different_stores(tmp_path: Path) -> None:
    records = [replace(record, frames=3) for record in corpus(tmp_path / "corpus", 3)]
    build_store(records, own_clip, tmp_path / "poses")
    build_store(records, lambda r: feature_clip(np.full((2, 8), len(r.id), np.float32), 5.0), tmp_path / "rgb")
    found = [replace(r, sources={"rgb": Source(tmp_path / "rgb", member=r.id)}) for r in records]
    assert read_source(found[2].source_of("rgb")).data.shape == (2, 1, 8)
    assert read_source(found[2].source_of("pose")).data.shape == own_clip(records[2]).data.shape


def test_a_record_that_the_store_lacks_is_an_error_with_its_name(tmp_path: Path) -> None:
    direct = experiment_records(experiment(tmp_path, None))
    (tmp_path / "corpus/sun-3.npy").write_bytes(b"nonsense")
    build_store([r for r in direct if r.id != "house-2"], own_clip, tmp_path / "store")
    records = Workload(experiment(tmp_path, tmp_path / "store")).split("train")
    by_id = {record.id: record for record in records}
    with pytest.raises(DataError, match=r"store: no clip of the record 'house-2'.*build the store again"):
        read_source(by_id["house-2"].source_of("pose"))
    with pytest.raises(DataError, match=r"'sun-3'.*left out when the store was built \(.*sun-3.npy"):
        read_source(by_id["sun-3"].source_of("pose"))
    streams = {"pose": Pose(points="right_hand", normalise="none").fixed_to(opened(tmp_path / "store").layout)}
    examples = Examples(records, streams, Letters(), max_tokens=8, seed=0, training=True, max_skipped=0.1)  # type: ignore[arg-type]
    assert len(examples.lengths) == len([examples[n] for n in range(len(examples))]) == len(records)
    assert list(examples.skipped) == ["house-2", "sun-3"]


def test_a_record_may_lack_a_stream_that_is_optional(tmp_path: Path) -> None:
    direct = experiment_records(experiment(tmp_path, None))
    build_store([r for r in direct if r.id != "house-2"], own_clip, tmp_path / "store")
    given = experiment(tmp_path, tmp_path / "store")
    stream = given.streams["pose"].model_copy(update={"optional": True})
    found = {
        r.id: r.source_of("pose") for r in experiment_records(given.model_copy(update={"streams": {"pose": stream}}))
    }
    assert [name for name, source in found.items() if source is None] == ["house-2"]


def test_a_missing_or_damaged_store_is_told_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="looked for"):
        experiment_records(experiment(tmp_path, tmp_path / "store"))
    build_store(experiment_records(experiment(tmp_path, None)), own_clip, tmp_path / "store")
    path = tmp_path / "store/shards/00000.bin"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"00000\.bin"):
        experiment_records(experiment(tmp_path, tmp_path / "store"))
