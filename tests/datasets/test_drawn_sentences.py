"""Sentences drawn from a grammar: made by a made-up signer, and stitched of clips of other data sets."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from mmpt_sign import registry
from mmpt_sign.batches.example import Examples, count_frames
from mmpt_sign.datasets._check import check_named
from mmpt_sign.datasets._grammar import Pattern, draw
from mmpt_sign.datasets._word_spans import word_spans
from mmpt_sign.errors import DataError
from mmpt_sign.features.build import build_store, own_clip
from mmpt_sign.features.plan import source_fingerprint
from mmpt_sign.poses.arrays import read_source
from mmpt_sign.poses.resample import evenly
from mmpt_sign.poses.stitching import Stitched
from mmpt_sign.records import Record
from mmpt_sign.streams.pose import Pose
from tests.batches.test_example import Letters
from tests.datasets.corpora import write_csv

FEW = {"sentences": {"train": 6, "valid": 3, "test": 4}, "takes": {"train": 2}}
SPLITS = ("train", "valid", "test")


def made(**options: Any) -> list[Record]:
    return list(registry.build("dataset", name="made_sentences", **{**FEW, **options}).records(None))


def test_patterns_say_what_is_written_and_what_is_signed() -> None:
    pattern = Pattern.parse("the {person} sees the {person2} {time} | time person2 person")
    assert pattern.slots == ["person", "person2", "time"]
    sentence = pattern.draw({"person": ["boy", "girl"], "time": ["now"]}, np.random.default_rng(0))
    words = sentence.text.split()
    assert sentence.words == ("now", words[4], words[1])
    assert {words[1], words[4]} == {"boy", "girl"}
    for wrong in ("no slots", "{a} {a}", "{a} | b", "{a} |"):
        with pytest.raises(ValueError, match="pattern"):
            Pattern.parse(wrong)


def test_a_text_is_in_one_split_only_and_testing_does_not_depend_on_training() -> None:
    classes = dict.fromkeys(SPLITS, {"a": "abcdef", "b": "ghij"})
    small = draw(["{a} {b}", "{b} {a}"], classes, {"train": 5, "valid": 5, "test": 5}, 3)
    large = draw(["{a} {b}", "{b} {a}"], classes, {"train": 30, "valid": 5, "test": 5}, 3)
    assert (small["test"], small["valid"]) == (large["test"], large["valid"])
    texts = Counter(sentence.text for found in large.values() for sentence in found)
    assert set(texts.values()) == {1}
    with pytest.raises(DataError, match="only 38 of 50 distinct sentences for 'train'"):
        draw(["{a} {b}", "{b} {a}"], classes, {"train": 50, "valid": 5, "test": 5}, 3)


def test_made_sentences_are_takes_of_unseen_sentences_by_several_people() -> None:
    records = made()
    assert Counter(record.split for record in records) == {"train": 12, "valid": 3, "test": 4}
    assert records == made()
    groups = {split: {r.group for r in records if r.split == split} for split in SPLITS}
    assert len(set.union(*groups.values())) == 13
    takes = [record for record in records if record.group == records[0].group]
    assert len({record.signer for record in takes}) == len(takes) == 2
    assert made(seed=2)[0].texts != records[0].texts


def test_spans_name_the_words_of_the_text_and_lie_in_the_clip() -> None:
    for record in made():
        spans = word_spans(record)
        assert {span.word for span in spans} <= set(record.texts[0].split())
        assert len(own_clip(record)) == record.frames == count_frames(record.source)
        assert all(
            0 < a.start < a.end <= b.start < b.end < (record.frames or 0)
            for a, b in zip(spans, spans[1:], strict=False)
        )


def test_nobody_is_in_two_splits_if_asked_for() -> None:
    people = {split: {r.signer for r in made(signers_apart=True) if r.split == split} for split in SPLITS}
    assert not people["train"] & people["test"]
    assert not people["valid"] & (people["train"] | people["test"])


def test_features_are_a_second_stream_of_the_same_record() -> None:
    record = made(features=["rgb", "aware"], feature_size=24)[0]
    clips = {name: read_source(source) for name in ("rgb", "aware") if (source := record.source_of(name)) is not None}
    assert {clip.data.shape for clip in clips.values()} == {((record.frames or 0) - 15, 1, 24)}
    assert not np.allclose(clips["rgb"].data, clips["aware"].data, atol=0.1)
    assert all(
        count_frames(source) == len(clips[name]) for name in clips if (source := record.source_of(name)) is not None
    )


def test_a_made_corpus_goes_through_the_check_a_store_and_examples(tmp_path: Path) -> None:
    report = check_named("made_sentences", [f"sentences={FEW['sentences']}"])
    assert not report.problems
    pytest.importorskip("pyarrow")
    records = made()
    build_store(records, own_clip, tmp_path / "store")
    stored = registry.build("dataset", name="stored", folder=tmp_path / "store").records(None)
    assert [(r.id, r.group, word_spans(r)) for r in stored] == [(r.id, r.group, word_spans(r)) for r in records]
    stream = {"pose": Pose(points="body_hands").fixed_to(own_clip(records[0]).layout)}
    for some in (records, stored):
        examples = Examples(some, stream, Letters(), max_tokens=16, seed=0, training=True)  # type: ignore[arg-type]
        assert examples.lengths[0] == records[0].frames == len(examples[0].frames["pose"])
    marks = [source_fingerprint(record) for record in records]
    assert len(set(marks)) == len(records)
    assert marks == [source_fingerprint(record) for record in made()]


SIGNS = ("house", "sun", "go", "see", "big", "warm")


def signs(folder: Path, stem: str, labels: tuple[str, ...], shape: tuple[int, ...], member: str) -> None:
    """Per label one clip for each of two signers in train, one in valid and test each, hands seen from frame 2 to 9."""
    rows, frames, value = [], [], 0.0
    for text in labels:
        for split, signer in (("train", "a"), ("train", "b"), ("valid", "c"), ("test", "d")):
            rows.append({"id": f"{text}-{signer}", "split": split, "signer": signer, "language": "ase", "text": text,
                         "n_frames": 12})  # fmt: skip
            clip = np.random.default_rng(len(rows)).normal(value, 0.1, (12, *shape))
            clip[:2], clip[9:] = np.nan, np.nan
            frames.append(clip)
    folder.mkdir(parents=True, exist_ok=True)
    write_csv(folder / f"{stem}.csv", rows)
    np.savez(folder / f"{stem}.npz", **{member: np.stack(frames).astype(np.float32)})


@pytest.fixture
def corpora(tmp_path: Path) -> Path:
    folder = tmp_path / "asl_words_letters_20f"
    signs(folder, "words_body_hands", SIGNS, (67, 3), "xyz")
    signs(folder, "letters_hands", tuple("anbo"), (2, 21, 3), "hands")
    return tmp_path


def stitched(root: Path, **options: Any) -> list[Record]:
    of = [{"name": "asl_words_letters_20f", "part": part} for part in ("words", "letters")]
    usual = {"of": of, "patterns": ["{a} {b}", "{spelled} {a} {b} | b spelled a"], **FEW}
    return list(registry.build("dataset", name="stitched_sentences", **{**usual, **options}).records(root))


def pieces(record: Record) -> list[tuple[Path, int | None]]:
    assert isinstance(record.source.made, Stitched)
    return [(source.path, source.item) for source in record.source.made.sources]


def test_sentences_of_a_split_are_made_of_its_own_clips(corpora: Path) -> None:
    records = stitched(corpora)
    used = {split: {piece for r in records if r.split == split for piece in pieces(r)} for split in SPLITS}
    people = {split: {p for r in records if r.split == split for p in r.extra["signers"].split()} for split in SPLITS}
    assert not used["train"] & (used["valid"] | used["test"])
    assert not used["valid"] & used["test"]
    assert people == {"train": {"a", "b"}, "valid": {"c"}, "test": {"d"}}
    assert len({record.group for record in records}) == 13
    assert records == stitched(corpora)


def test_spelled_words_are_letters_in_a_row(corpora: Path) -> None:
    record = next(r for r in stitched(corpora, spelled=["anna", "zoe"]) if "letters" in r.extra)
    letters, words = word_spans(record, "letters"), word_spans(record)
    assert [span.word for span in letters] == list("anna")
    assert (words[1].word, words[1].start, words[1].end) == ("anna", letters[0].start, letters[-1].end)
    assert [span.end - span.start for span in letters] == [6] * 4
    assert letters[1].start - letters[0].end == 2
    assert record.texts[0].split()[0] == "anna"
    clip = own_clip(record)
    assert len(clip) == record.frames
    assert set(clip.layout.components) == {"LEFT_HAND_LANDMARKS", "RIGHT_HAND_LANDMARKS"}
    assert clip.confidence.all()  # frames without hands at both ends of a clip are left out


def test_words_may_have_classes_of_their_own(corpora: Path) -> None:
    options: dict[str, Any] = {
        "words": {"thing": ("house", "sun"), "verb": ("go", "see")}, "patterns": ["{verb} the {thing} and {other}"],
        "sentences": {"train": 2, "valid": 2, "test": 2},
    }  # fmt: skip
    for record in stitched(corpora, **options):
        first, _, second, _, third = record.texts[0].split()
        assert (first in ("go", "see"), second in ("house", "sun"), third in ("big", "warm")) == (True, True, True)


def test_what_cannot_be_made_is_told(corpora: Path) -> None:
    with pytest.raises(DataError, match="distinct sentences for 'test'"):
        stitched(corpora, patterns=["{spelled}"], spelled=["zoe"])
    with pytest.raises(ValidationError, match="pattern"):
        stitched(corpora, patterns=["{a} {a}"])


@pytest.mark.shared
def test_real_signs_and_letters_make_sentences_that_real_sentences_are_compared_with(shared_data: Path) -> None:
    of = [{"name": "wlasl_hands"}, *({"name": "asl_words_letters_20f", "part": part} for part in ("words", "letters"))]
    part = registry.build("dataset", name="stitched_sentences", of=of, without=["space"], **FEW)
    records = part.records(shared_data)
    stream = Pose(points="hands", normalise="hands").fixed_to(own_clip(records[0]).layout)
    natural, glosses = (
        registry.build("dataset", name="dgs_sentences32", version=version).records(shared_data)[:2]
        for version in ("natural", "stitched")
    )
    for record in (*records[:4], *natural, *glosses):
        frames = stream.encode(stream.prepare(own_clip(record)))
        assert frames.shape[1] == stream.width
        assert np.isfinite(frames).all()
        assert frames.any()


@pytest.mark.shared
def test_natural_sentences_look_for_their_stitched_ones(shared_data: Path, tmp_path: Path) -> None:
    """By points alone, without a model: better than chance, as the source of the sentences says."""
    parts = [{"name": "dgs_sentences32", "version": version} for version in ("natural", "stitched")]
    records = registry.build("dataset", name="combined", parts=parts).records(shared_data)
    assert Counter(record.extra["version"] for record in records) == {"natural": 32, "stitched": 32}
    stream = Pose(points="hands", normalise="hands").fixed_to(own_clip(records[0]).layout)

    class Points:
        def embed_records(self, asked: list[Record]) -> Any:
            frames = [stream.encode(evenly(stream.prepare(own_clip(record)), 24)) for record in asked]
            return np.stack([clip.ravel() for clip in frames])

    task = registry.build("evaluation", name="cross_lingual", split="all", language="version", plots=False)
    figures = task.judge(Points(), records, tmp_path)
    assert figures["R@1"] > 2 * figures["chance_R@1"]
