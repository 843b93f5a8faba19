from __future__ import annotations

import fcntl
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mmpt_sign.errors import DataError, NotInstalledError
from mmpt_sign.features.build import build_store, own_clip
from mmpt_sign.features.plan import Others
from mmpt_sign.features.store import Store, verify
from mmpt_sign.files import read_csv
from mmpt_sign.poses.arrays import feature_clip
from mmpt_sign.poses.clip import Clip
from mmpt_sign.records import Record
from tests.features.stores import Throttled, contents, corpus, made_store, refused, unreadable
from tests.poses.clips import clip_of


def test_the_number_of_processes_changes_no_byte(tmp_path: Path) -> None:
    records = corpus(tmp_path / "corpus", 23, broken=(9,))
    for workers in (1, 2):
        build_store(records, own_clip, tmp_path / str(workers), workers=workers, shard_clips=6)
    assert contents(tmp_path / "1") == contents(tmp_path / "2")
    assert len(Store.open(tmp_path / "1")) == 22


def test_a_build_of_what_is_there_reads_nothing_and_changes_nothing(tmp_path: Path) -> None:
    records = corpus(tmp_path / "corpus", 8)
    build_store(records, own_clip, tmp_path / "store")
    before = contents(tmp_path / "store")
    assert build_store(records, refused, tmp_path / "store").added == 0
    assert contents(tmp_path / "store") == before


def test_added_clips_go_into_new_shards_and_touch_no_other(tmp_path: Path) -> None:
    first, added = corpus(tmp_path / "corpus", 10), corpus(tmp_path / "corpus", 7, first=10)
    build_store(first, own_clip, tmp_path / "store", shard_clips=4)
    before = contents(tmp_path / "store/shards")
    build_store(added, own_clip, tmp_path / "alone", shard_clips=4)
    read: list[str] = []

    def noted(record: Record) -> Clip:
        read.append(record.id)
        return own_clip(record)

    records = [*added, *first]
    assert build_store(records, noted, tmp_path / "store", shard_clips=4).added == 7
    assert read == [record.id for record in added]
    after = contents(tmp_path / "store/shards")
    assert {name: after[name] for name in before} == before
    alone = contents(tmp_path / "alone/shards")
    assert [after[name] for name in sorted({*after} - {*before})] == [alone[name] for name in sorted(alone)]
    store = verify(tmp_path / "store")
    assert list(store.ids) == [record.id for record in records]
    for item, record in enumerate(records):
        np.testing.assert_allclose(store.clip(item).data, own_clip(record).data, atol=1e-3)


def test_a_changed_text_or_split_costs_no_reading(tmp_path: Path) -> None:
    records = corpus(tmp_path / "corpus", 5)
    build_store(records, own_clip, tmp_path / "store")
    before = contents(tmp_path / "store/shards")
    renamed = [replace(record, texts=("new",), split="valid") for record in records]
    build_store(renamed, refused, tmp_path / "store")
    assert contents(tmp_path / "store/shards") == before
    found = Store.open(tmp_path / "store").records()
    assert {(record.texts, record.split) for record in found} == {(("new",), "valid")}
    assert len(list((tmp_path / "store").glob("index-*"))) == 1


def test_clips_taken_away_leave_the_index_and_come_back_unread(tmp_path: Path) -> None:
    records = corpus(tmp_path / "corpus", 6)
    build_store(records, own_clip, tmp_path / "store", shard_clips=2)
    whole = contents(tmp_path / "store")
    fewer = [records[0], records[2], records[3]]
    with pytest.raises(DataError, match=r"3 of its 6 clips .* lost: id-1, id-4, id-5; build with --drop"):
        build_store(fewer, refused, tmp_path / "store")
    assert contents(tmp_path / "store") == whole
    built = build_store(fewer, refused, tmp_path / "store", others="drop")
    assert (built.clips, built.unused_bytes > 0) == (3, True)
    assert list(verify(tmp_path / "store").ids) == ["id-0", "id-2", "id-3"]
    assert not list((tmp_path / "store/shards").glob("00002.*"))  # no clip of it is in use
    build_store(records, own_clip, tmp_path / "store", shard_clips=2)
    assert contents(tmp_path / "store") == whole


def test_a_changed_source_stops_is_kept_or_is_packed_anew(tmp_path: Path) -> None:
    records = corpus(tmp_path / "corpus", 6)
    build_store(records, own_clip, tmp_path / "store", shard_clips=4)
    np.save(records[1].source.path, np.ones((9, 21, 3), np.float32) * 3)
    before = contents(tmp_path / "store")
    with pytest.raises(DataError, match=r"1 clips have changed .*id-1; build with --rebuild"):
        build_store(records, refused, tmp_path / "store")
    build_store(records, refused, tmp_path / "store", changed="keep")
    assert contents(tmp_path / "store") == before
    built = build_store(records, own_clip, tmp_path / "store", changed="rebuild")
    assert (built.added, built.clips) == (1, 6)
    store = verify(tmp_path / "store")
    assert store.lengths[1] == 9
    np.testing.assert_allclose(store.clip(1).data, 3, atol=1e-3)
    assert list(store.ids) == [record.id for record in records]


def test_a_span_of_the_source_is_part_of_its_state(tmp_path: Path) -> None:
    records = corpus(tmp_path / "corpus", 3)
    build_store(records, own_clip, tmp_path / "store")
    cut = [replace(records[0], source=replace(records[0].source, start=1)), *records[1:]]
    with pytest.raises(DataError, match="id-0"):
        build_store(cut, refused, tmp_path / "store")


def test_a_store_outlives_its_corpus(tmp_path: Path) -> None:
    records = corpus(tmp_path / "corpus", 4)
    build_store(records, own_clip, tmp_path / "store")
    for record in records:
        record.source.path.unlink()
    assert build_store(records[:3], refused, tmp_path / "store", others="keep").clips == 4
    assert build_store(records[:3], refused, tmp_path / "store", others="drop").clips == 3


def test_a_begun_store_of_other_data_is_not_built_over(tmp_path: Path) -> None:
    build_store(corpus(tmp_path / "corpus", 4), own_clip, tmp_path / "store")
    (tmp_path / "store/manifest.json").unlink()
    ways: tuple[Others, ...] = ("stop", "keep")
    for way in ways:
        with pytest.raises(DataError, match="4 of its 4 clips"):
            build_store(corpus(tmp_path / "corpus", 2, first=4), own_clip, tmp_path / "store", others=way)


def test_clips_that_are_kept_beside_others_are_not_read_again(tmp_path: Path) -> None:
    first, second = corpus(tmp_path / "corpus", 5), corpus(tmp_path / "corpus", 4, first=3)
    build_store(first, own_clip, tmp_path / "store", shard_clips=2)
    rows = Store.open(tmp_path / "store").records()
    assert build_store(second, own_clip, tmp_path / "store", others="keep").added == 2
    store = verify(tmp_path / "store")
    assert list(store.ids) == [f"id-{n}" for n in range(7)]
    assert store.records()[:3] == rows[:3]
    for path in (tmp_path / "store/shards").glob("00000.*"):
        path.unlink()
    with pytest.raises(DataError, match="2 of its clips are gone with their shard: id-0, id-1"):
        build_store(second, refused, tmp_path / "store", others="keep")


def test_what_cannot_be_read_is_left_out_and_listed_and_tried_again_later(tmp_path: Path) -> None:
    records = corpus(tmp_path / "corpus", 10, broken=(0, 4))
    built = build_store(records, own_clip, tmp_path / "store", max_skipped=0.2)
    assert list(built.skipped) == ["id-0", "id-4"]
    assert [row["id"] for row in read_csv(tmp_path / "store/skipped.csv")] == ["id-0", "id-4"]
    store = verify(tmp_path / "store")
    assert (len(store), store.number_of("id-4")) == (8, None)
    for n in (0, 4):
        np.save(records[n].source.path, np.ones((3, 21, 3), np.float32))
    assert build_store(records, own_clip, tmp_path / "store").added == 2
    assert list(verify(tmp_path / "store").ids) == [record.id for record in records]
    assert not (tmp_path / "store/skipped.csv").exists()


def test_too_many_unreadable_clips_are_an_error(tmp_path: Path) -> None:
    records = corpus(tmp_path / "corpus", 10, broken=(5, 6))
    with pytest.raises(DataError, match=r"1 of 10 clips cannot be used, more than 5%"):
        build_store(records, own_clip, tmp_path / "store")
    with pytest.raises(DataError, match="none of the 10"):
        build_store(records, unreadable, tmp_path / "other", max_skipped=1)


def test_a_missing_library_is_no_unreadable_clip(tmp_path: Path) -> None:
    def lacking(record: Record) -> Clip:
        if record.id == "id-0":
            return own_clip(record)
        raise NotInstalledError("a reader", "pose")

    with pytest.raises(Exception, match=r"a reader is not installed"):
        build_store(corpus(tmp_path / "corpus", 3), lacking, tmp_path / "store", max_skipped=1)


def test_points_and_dimensions_are_those_of_the_first_clip_unless_asked_for(tmp_path: Path) -> None:
    clips = [clip_of("hand_21", 4), clip_of("holistic_203", 4), clip_of("hand_21", 4, dims=2)]
    store = made_store(tmp_path / "first", clips)
    assert (len(store.layout), store.form.dims) == (21, 3)
    assert not store.clip(2).data[..., 2].any()
    store = made_store(tmp_path / "asked", clips[1:], points=["hands"], dims=2)
    assert (len(store.layout), store.form.dims) == (42, 2)
    assert not store.clip(1).confidence[:, :21].any()  # it has no left hand
    np.testing.assert_array_equal(store.clip(1).confidence[:, 21:] > 0, clips[2].confidence > 0)


def test_points_that_find_no_room_are_counted(tmp_path: Path) -> None:
    clips = {"a": clip_of("hand_21"), "b": clip_of("holistic_203")}
    records = [replace(record, id=name) for record, name in zip(corpus(tmp_path / "c", 2), clips, strict=True)]
    built = build_store(records, lambda record: clips[record.id], tmp_path / "store")
    assert built.left_out == {"POSE_LANDMARKS": 1, "FACE_LANDMARKS": 1, "LEFT_HAND_LANDMARKS": 1}


def test_points_of_a_store_stay_as_they_are(tmp_path: Path) -> None:
    clips = [clip_of("holistic_203", 4)]
    made_store(tmp_path / "store", clips, points=["hands"])
    made_store(tmp_path / "store", [*clips, clip_of("holistic_203", 5)], points=["hands"])
    assert len(made_store(tmp_path / "store", clips, others="drop").layout) == 42
    with pytest.raises(DataError, match="a store of their own"):
        made_store(tmp_path / "store", clips, points=["right_hand"])
    with pytest.raises(DataError, match="a store of their own"):
        made_store(tmp_path / "store", clips, dims=2)


def test_clips_that_do_not_fit_are_left_out_with_the_reason(tmp_path: Path) -> None:
    wrong = {
        "features": (feature_clip(np.ones((3, 8), np.float32), 25.0), "does not fit"),
        "other points": (clip_of("holistic_203", 3).take(("POSE_LANDMARKS.NOSE",)), "none of the store's points"),
        "not finite": (clip_of("hand_21", 3).with_data(np.full((3, 21, 3), np.inf, np.float32)), "not finite"),
        "empty": (clip_of("hand_21", 3).frames(0, 0), "does not fit"),
    }
    clips = {"good": clip_of("hand_21", 3), **{name: clip for name, (clip, _) in wrong.items()}}
    store = made_store(tmp_path / "store", clips, max_skipped=1)
    assert list(store.ids) == ["good"]
    for name, (_, reason) in wrong.items():
        assert reason in store.manifest.skipped[name]
    features = {name: feature_clip(np.ones((3, d), np.float32), 25.0) for name, d in (("good", 8), ("wide", 9))}
    assert list(made_store(tmp_path / "features", features, max_skipped=1).ids) == ["good"]


def test_ids_must_differ_and_something_must_be_there(tmp_path: Path) -> None:
    records = corpus(tmp_path / "corpus", 2)
    with pytest.raises(DataError, match="occur more than once.*id-0"):
        build_store([*records, records[0]], own_clip, tmp_path / "store")
    with pytest.raises(DataError, match="no records"):
        build_store([], own_clip, tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    records = corpus(tmp_path / "corpus", 2)
    with pytest.raises(DataError, match="is no clip store"):
        build_store(records, own_clip, tmp_path / "corpus")
    (tmp_path / "empty").mkdir()
    assert build_store(records, own_clip, tmp_path / "empty").clips == 2


def test_two_builds_at_once_are_refused(tmp_path: Path) -> None:
    records = corpus(tmp_path / "corpus", 2)
    build_store(records, own_clip, tmp_path / "store")
    handle = os.open(tmp_path / "store", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    with pytest.raises(DataError, match="another process is building"):
        build_store(records, own_clip, tmp_path / "store")
    os.close(handle)
    build_store(records, own_clip, tmp_path / "store")


def test_a_lost_shard_is_packed_again_byte_for_byte(tmp_path: Path) -> None:
    records = corpus(tmp_path / "corpus", 12)
    build_store(records, own_clip, tmp_path / "store", shard_clips=4)
    whole = contents(tmp_path / "store")
    for path in (tmp_path / "store/shards").glob("00001.*"):
        path.unlink()
    assert build_store(records, own_clip, tmp_path / "store", shard_clips=4).added == 4
    assert contents(tmp_path / "store") == whole


def test_damage_that_a_build_meets_is_an_error_with_the_remedy(tmp_path: Path) -> None:
    records = corpus(tmp_path / "corpus", 12)
    build_store(records, own_clip, tmp_path / "store", shard_clips=4)
    path = tmp_path / "store/shards/00001.bin"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(DataError, match=r"remove 00001\.\* and build again"):
        build_store(records, own_clip, tmp_path / "store", shard_clips=4)


def test_progress_counts_what_is_done_and_what_is_skipped(tmp_path: Path) -> None:
    records = corpus(tmp_path / "corpus", 20, broken=(3,))
    told: list[tuple[int, int, int]] = []
    build_store(records, own_clip, tmp_path / "store", progress=lambda *figures: told.append(figures))
    assert told == [(n, 20, int(n > 3)) for n in range(1, 21)]


def test_an_interrupted_build_with_other_points_is_refused(tmp_path: Path) -> None:
    records = corpus(tmp_path / "corpus", 9)

    def interrupted(record: Record) -> Clip:
        if record.id == "id-6":
            raise KeyboardInterrupt
        return Throttled(0)(record)

    with pytest.raises(KeyboardInterrupt):
        build_store(records, interrupted, tmp_path / "store", shard_clips=2)
    assert not list((tmp_path / "store/shards").glob(".*"))
    with pytest.raises(DataError, match="other points than"):
        build_store(records, own_clip, tmp_path / "store", dims=2)
    build_store(records, own_clip, tmp_path / "store", shard_clips=2)
    build_store(records, own_clip, tmp_path / "whole", shard_clips=2)
    assert contents(tmp_path / "store") == contents(tmp_path / "whole")
