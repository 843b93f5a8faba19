from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mmpt_sign.batches.collate import Collator
from mmpt_sign.batches.example import Examples
from mmpt_sign.config.contracts import Stream, TextAugment
from mmpt_sign.errors import DataError
from mmpt_sign.poses.clip import Clip, FloatArray, Layout
from mmpt_sign.records import Record, Source


class Plain(Stream):
    """All points as they are; with a generator, noise and a random factor."""

    def fixed_to(self, layout: Layout) -> Stream:
        return self

    @property
    def width(self) -> int:
        return 63

    def prepare(self, clip: Clip) -> Clip:
        PREPARED.append(len(clip))
        return clip

    def encode(self, clip: Clip, rng: np.random.Generator | None = None) -> FloatArray:
        frames = clip.data.reshape(len(clip), -1)
        return frames if rng is None else (frames * rng.normal()).astype(np.float32)


PREPARED: list[int] = []


class Letters:
    """A tokeniser of single characters."""

    def encode(self, texts: Sequence[str], max_tokens: int) -> list[list[int]]:
        return [[1, *map(ord, text[: max_tokens - 2]), 2] for text in texts]


@pytest.fixture
def records(tmp_path: Path) -> list[Record]:
    PREPARED.clear()
    found = []
    for k, length in enumerate((5, 40, 9, 1)):
        frames = np.arange(1, length + 1, dtype=np.float32)[:, None, None] + np.zeros((1, 21, 3), np.float32)
        np.save(tmp_path / f"{k}.npy", frames)
        texts = (f"word {k % 2}", f"other {k % 2}", f"third {k % 2}")
        source = Source(tmp_path / f"{k}.npy", layout="hand_21")
        found.append(Record(f"clip{k}", "train", texts, source, frames=length if k else None))
    return found


def examples(records: list[Record], **options: Any) -> Examples:
    given: dict[str, Any] = {"max_tokens": 16, "seed": 5, "training": True, "cache_bytes": 1 << 20, **options}
    streams = given.pop("streams", {"pose": Plain(max_frames=16)})
    return Examples(records, streams, Letters(), **given)  # type: ignore[arg-type]


def test_an_example_depends_on_seed_epoch_and_index_alone(records: list[Record]) -> None:
    one, two = examples(records), examples(records, cache_bytes=0)
    forwards = [one[i] for i in range(4)]
    backwards = [two[i] for i in reversed(range(4))][::-1]
    for a, b in zip(forwards, backwards, strict=True):
        np.testing.assert_array_equal(a.frames["pose"], b.frames["pose"])
        assert (a.tokens, a.text_id) == (b.tokens, b.text_id)


def test_every_epoch_and_seed_draws_anew(records: list[Record]) -> None:
    drawn = []
    for seed, epoch in ((5, 1), (5, 2), (6, 1)):
        some = examples(records, seed=seed)
        some.set_epoch(epoch)
        drawn.append(some[1].frames["pose"].sum())
    assert len(set(drawn)) == 3


def test_all_prompts_are_drawn_in_training_and_the_first_otherwise(records: list[Record]) -> None:
    training, evaluation = examples(records), examples(records, training=False)
    tokens = set()
    for epoch in range(30):
        training.set_epoch(epoch)
        tokens.add(tuple(training[0].tokens))
    assert len(tokens) == 3
    assert evaluation[0].tokens == [1, *map(ord, "word 0"), 2]
    assert training[0].answer_id == training[2].answer_id != training[1].answer_id


def test_windows_are_anywhere_in_training_and_at_the_start_otherwise(records: list[Record]) -> None:
    training = examples(records)
    starts = set()
    for epoch in range(60):
        training.set_epoch(epoch)
        window = training[1].frames["pose"][:, 0]
        assert len(window) == 16
        starts.add(round(float(window[0] / (window[1] - window[0]))))
    assert min(starts) == 1
    assert max(starts) == 25
    assert examples(records, training=False)[1].frames["pose"][0, 0] == 1
    cut = {"pose": Plain(max_frames=16, long_clips="truncate")}
    window = examples(records, streams=cut)[1].frames["pose"][:, 0]
    assert round(float(window[0] / (window[1] - window[0]))) == 1


def test_streams_of_one_clip_stay_aligned(records: list[Record]) -> None:
    some = examples(records, streams={"a": Plain(max_frames=16), "b": Plain(max_frames=16)})
    np.testing.assert_array_equal(some[1].frames["a"], some[1].frames["b"])


def test_clips_are_prepared_once_as_far_as_memory_goes(records: list[Record]) -> None:
    some = examples(records)
    for _ in range(3):
        _ = [some[i] for i in range(4)]
    assert len(PREPARED) == 4
    PREPARED.clear()
    size = 5 * 21 * 4 * 4
    small = examples(records, cache_bytes=size)
    _ = [small[0], small[0], small[1], small[1]]
    assert PREPARED == [5, 40, 40]


def test_lengths_are_known_without_reading_where_the_data_set_says(records: list[Record]) -> None:
    assert examples(records).lengths == [5, 16, 9, 1]
    assert PREPARED == []


def test_all_frames_of_a_clip(records: list[Record]) -> None:
    assert examples(records).frames(1)["pose"].shape == (40, 63)


def test_an_unreadable_clip_is_replaced_and_listed(records: list[Record]) -> None:
    records[2].source.path.write_bytes(b"nonsense")
    some = examples(records, max_skipped=0.3)
    assert some[2].index == 3
    assert list(some.skipped) == ["clip2"]
    assert len(some.lengths) == 4


def test_too_many_unreadable_clips_are_an_error(records: list[Record]) -> None:
    records[2].source.path.write_bytes(b"nonsense")
    with pytest.raises(DataError, match="clip2"):
        examples(records)[2]
    with pytest.raises(DataError):
        examples(records, training=False, max_skipped=0.3)[2]


def test_prompts_are_changed_beside_the_original_in_training_alone(records: list[Record]) -> None:
    options = TextAugment(random_swap=1.0)
    some, original, changed = examples(records, augment=options), examples(records), False
    for epoch in range(1, 20):
        some.set_epoch(epoch)
        original.set_epoch(epoch)
        example = some[0]
        assert example.tokens == original[0].tokens
        np.testing.assert_array_equal(example.frames["pose"], original[0].frames["pose"])
        assert example.augmented is not None
        assert sorted(example.augmented) == sorted(example.tokens)
        changed |= example.augmented != example.tokens
    assert changed
    assert examples(records, augment=options, training=False)[0].augmented is None
    assert original[0].augmented is None


def test_a_clip_may_lack_a_stream(records: list[Record]) -> None:
    streams = {"pose": Plain(max_frames=16), "other": Plain(max_frames=16)}
    lacking = [replace(records[0], sources={"other": None}), replace(records[1], sources={"pose": None})]
    some = examples(lacking, streams=streams)
    first, second = some[0], some[1]
    assert [set(first.missing), set(second.missing)] == [{"other"}, {"pose"}]
    assert first.frames["other"].shape == (1, 63)
    assert not first.frames["other"].any()
    assert set(some.frames(0)) == {"pose"}
    assert some.lengths == [5, 16]
    batch = Collator(0)([first, second])
    assert batch.streams["other"]["mask"].sum(1).tolist() == [0, 16]
    assert batch.streams["pose"]["mask"].sum(1).tolist() == [5, 0]


def test_a_clip_without_any_stream_is_skipped_and_listed(records: list[Record]) -> None:
    lost = [replace(records[0], sources={"pose": None}), *records[1:]]
    some = examples(lost, max_skipped=0.3)
    assert some[0].index == 1
    assert "no frames for any of the streams" in some.skipped["clip0"]
