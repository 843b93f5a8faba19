"""Options of the corpora: what the published experiments switch on and off."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from mmpt_sign import registry
from mmpt_sign.datasets._corpus import without_digits, without_number
from mmpt_sign.errors import DataError
from mmpt_sign.poses.arrays import read_source
from mmpt_sign.records import Record, Source
from tests.datasets import layouts
from tests.datasets.corpora import pose_file, write_csv


def records(root: Path, name: str, **options: Any) -> list[Record]:
    if not (root / name).exists():
        getattr(layouts, name)(root / name)
    return list(registry.build("dataset", name, **options).records(root))


@pytest.mark.parametrize(
    ("gloss", "text"),
    [("DOG1", "dog"), ("ICECREAM", "icecream"), ("1DOLLAR", "1dollar"), ("TWO2", "two"), ("2", "")],
)
def test_glosses_of_asl_citizen(gloss: str, text: str) -> None:
    assert without_digits(gloss) == text


@pytest.mark.parametrize(
    ("gloss", "text"),
    [("ice_cream_2", "ice cream"), ("dog", "dog"), ("dog_12", "dog"), ("area51", "area51"), ("a_2_b", "a 2 b")],
)
def test_glosses_of_sem_lex(gloss: str, text: str) -> None:
    assert without_number(gloss) == text


def test_a_vocabulary_from_a_list_a_table_or_another_set(tmp_path: Path) -> None:
    counts = [{"text": "dog", "count": 21}, {"text": "icecream", "count": 20}]
    table = write_csv(tmp_path / "counts.csv", counts)
    clips = write_csv(tmp_path / "clips.csv", [{"text": "dog", "clips": 30, "signers": 2}])
    (tmp_path / "words.txt").write_text("dog\n", encoding="utf-8")
    for vocabulary in (str(table), str(clips), "words.txt", {"file": str(table), "more_than": 20}):
        found = records(tmp_path, "asl_citizen", gloss="plain", vocabulary=vocabulary)
        assert [r.extra["text"] for r in found] == ["dog"] * 3
    everything = records(tmp_path, "asl_citizen", gloss="plain", vocabulary={"file": str(table), "more_than": 19})
    assert len(everything) == 4

    layouts.spreadthesign(tmp_path / "spreadthesign")
    of = {"of": "spreadthesign", "more_than": 2}
    assert records(tmp_path, "asl_signs", vocabulary={"of": "asl_signs", "more_than": 1})
    with pytest.raises(DataError, match=r"no clip has a text of the vocabulary"):
        records(tmp_path, "asl_citizen", gloss="plain", vocabulary=of)
    with pytest.raises(DataError, match=r"none of the 2 texts of spreadthesign has more than 20 clips"):
        records(tmp_path, "asl_citizen", gloss="plain", vocabulary={"of": "spreadthesign"})


def test_clips_of_some_texts_are_left_out(tmp_path: Path) -> None:
    everything = records(tmp_path, "asl_signs")
    word = everything[0].extra["text"]
    found = records(tmp_path, "asl_signs", without=word)
    assert [r.id for r in found] == [r.id for r in everything if r.extra["text"] != word]
    with pytest.raises(DataError, match=r"without: no clip has the text huose"):
        records(tmp_path, "asl_signs", without=[word, "huose"])


def test_a_vocabulary_leaves_the_drawn_splits_alone(tmp_path: Path) -> None:
    folder = tmp_path / "asl_signs"
    rows = [
        {"path": f"{k}.parquet", "participant_id": k % 4, "sequence_id": k, "sign": ("TV", "cat")[k % 2]}
        for k in range(60)
    ]
    write_csv(folder / "train.csv", rows)
    (tmp_path / "words.txt").write_text("TV\n", encoding="utf-8")
    whole = {r.id: r.split for r in records(tmp_path, "asl_signs", absent="ignore")}
    part = records(tmp_path, "asl_signs", absent="ignore", vocabulary="words.txt")
    assert len(part) == 30
    assert all(r.split == whole[r.id] for r in part)


@pytest.mark.parametrize("wrong", [{}, {"file": "a.txt", "of": "asl_signs"}, {"of": "asl_sings"}, {"more": 3}])
def test_wrong_vocabularies(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        registry.build("dataset", "asl_citizen", vocabulary=wrong)


def test_long_clips_are_dropped_only_if_asked(tmp_path: Path) -> None:
    layouts.asl_citizen(tmp_path / "asl_citizen")
    pose_file(tmp_path / "asl_citizen" / "poses" / "3-DOG.pose", 9)
    (tmp_path / "asl_citizen" / "poses" / "4-ICE CREAM.pose").write_bytes(b"no pose")
    assert len(records(tmp_path, "asl_citizen")) == 4
    kept = records(tmp_path, "asl_citizen", drop_longer_than=8)
    assert [r.id for r in kept] == ["1-DOG", "2-DOG 2", "4-ICE CREAM"]  # a broken file is reported where it is read
    layouts.bobsl_islr(tmp_path / "bobsl_islr")
    assert len(records(tmp_path, "bobsl_islr", drop_longer_than=20)) == 2  # 25 frames around what was looked up


def test_glosses_and_trimming_of_wlasl(tmp_path: Path) -> None:
    assert {r.extra["text"] for r in records(tmp_path, "wlasl", glosses=1)} == {"book"}
    thin = next(r for r in records(tmp_path, "wlasl", trimmed=False) if r.id == "00618")
    assert (thin.source.start, thin.source.end) == (0, 3)
    assert len(read_source(thin.source)) == 3
    (tmp_path / "wlasl" / "WLASL_v0.3.json").write_text('[{"gloss": "book", "instances": [{"vid')
    with pytest.raises(DataError, match=r"WLASL_v0.3.json: is not valid JSON .* half-way"):
        records(tmp_path, "wlasl")
    (tmp_path / "wlasl" / "WLASL_v0.3.json").write_text('{"gloss": "book"}')
    with pytest.raises(DataError, match="is no index of WLASL"):
        records(tmp_path, "wlasl")


def test_tags_and_examples_of_suisse(tmp_path: Path) -> None:
    iso = records(tmp_path, "suisse", tags="iso", examples=None)
    assert {r.sign_language for r in iso} == {"sgg", "ssr", "slf"}
    assert [r.id for r in iso] == ["1", "2", "3", "4"]
    examples = [r for r in records(tmp_path, "suisse") if r.extra["kind"] == "example"]
    assert [r.source.path.parent.name for r in examples] == ["poses_example"] * 2
    assert {r.split for r in records(tmp_path, "suisse", valid_rows=3)} == {"valid", "test"}


def test_the_validation_rows_of_suisse_are_the_originals(tmp_path: Path) -> None:
    """As ``pandas.DataFrame.sample(frac=1, random_state=42)`` shuffles, of which the last rows validate."""
    layouts.suisse(tmp_path / "suisse")
    row = {"name": "X", "spokenLanguage": "de", "signedLanguage": "dsgs", "example": ""}
    write_csv(tmp_path / "suisse" / "metadata_train.csv", [{"id": 10 + k, **row} for k in range(8)])
    found = records(tmp_path, "suisse", valid_rows=2, absent="ignore", examples=None)
    held = {int(r.id) - 10 for r in found if r.split == "valid"}
    assert held == set(np.random.RandomState(42).permutation(8)[-2:].tolist()) == {3, 6}


def test_splits_of_spreadthesign_drawn_anew(tmp_path: Path) -> None:
    found = records(tmp_path, "spreadthesign", split_by="random", written=None)
    assert [r.id for r in found] == [*"012345"]
    assert found[1].texts == ("<de> <gsg> Haus",)
    with pytest.raises(DataError, match=r"6\.pose.*`absent: ignore` if every stream reads a store"):
        records(tmp_path, "spreadthesign", absent="error")


def test_takes_captions_and_cuts_of_how2sign(tmp_path: Path) -> None:
    found = {r.id: r for r in records(tmp_path, "how2sign")}
    assert found["x_0-5-rgb_front"].answer == found["x_0-8-rgb_front"].answer == "x_0"
    assert [found[f"v_{k}-5-rgb_front"].extra["clip"] for k in (0, 1)] == ["v-5-rgb_front_clip0", "v-5-rgb_front_clip1"]
    clips = records(tmp_path, "how2sign", named="clip", absent="ignore")
    assert [r.id for r in clips][:2] == ["v-5-rgb_front_clip1", "v-5-rgb_front_clip0"]

    write_csv(tmp_path / "how2sign" / "words.csv", [{"id": "w_0-5-rgb_front", "text": "Hi."}])
    assert [r.texts for r in records(tmp_path, "how2sign", captions="words.csv")] == [("Hi.",)]

    whole = records(tmp_path, "how2sign", clips="poses/{VIDEO_NAME}.pose", absent="ignore")
    assert [(r.source.path.name, r.source.start, r.source.end) for r in whole][:2] == [
        ("v-5-rgb_front.pose", 2, 5),
        ("v-5-rgb_front.pose", 0, 3),
    ]


def test_glosses_of_the_sentences_are_kept(tmp_path: Path) -> None:
    assert records(tmp_path, "phoenix14t")[0].extra["gloss"] == "JETZT WETTER MORGEN"
    daily = records(tmp_path, "csl_daily")
    assert daily[0].extra["gloss"] == "他 今天 4 岁"
    takes = records(tmp_path, "csl_daily", same_answer="group")
    assert Counter(r.answer for r in takes) == {"S000000": 2, "S000020": 1, "S000021": 1}
    assert len({r.answer for r in daily}) == len({r.texts for r in daily})


def test_a_dev_split_with_training_sentences_is_refused(tmp_path: Path) -> None:
    """As the manifest of PHOENIX that comes with CiCo."""
    layouts.phoenix14t(tmp_path / "phoenix14t")
    manual = tmp_path / "phoenix14t" / "annotations" / "manual"
    train = (manual / "PHOENIX-2014-T.train.corpus.csv").read_text(encoding="utf-8").splitlines()
    with (manual / "PHOENIX-2014-T.dev.corpus.csv").open("a", encoding="utf-8") as file:
        file.write(train[1] + "\n")
    with pytest.raises(DataError, match="is already that of row"):
        records(tmp_path, "phoenix14t")


def test_further_streams_lie_beside_the_poses(tmp_path: Path) -> None:
    found = records(tmp_path, "bobsl_islr", also={"lip": "lip/{episode}.npy"})
    one = next(r for r in found if r.id == "e1_00000400_dict_happy")
    assert (one.source.start, one.source.end) == (7, 32)
    assert len(read_source(one.source)) == len(read_source(one.source_of("lip"))) == 25
    with pytest.raises(DataError, match="further/e2.npy"):
        records(tmp_path, "bobsl_islr", also={"lip": "further/{episode}.npy"})
    with pytest.raises(DataError, match="asks for 'speaker', which is no column"):
        records(tmp_path, "bobsl_islr", also={"lip": "{speaker}.npy"})
    with pytest.raises(DataError, match="leaves the folder"):
        records(tmp_path, "bobsl_islr", also={"lip": "../{episode}.npy"})


def test_which_spottings_are_sure_enough(tmp_path: Path) -> None:
    assert len(records(tmp_path, "bobsl_islr", least_score={"dict": 0.5})) == 6
    table = {"episode_name": "e1.mp4", "annot_word": "happy", "annot_time": 0.5, "annot_prob": 0.4}
    write_csv(tmp_path / "bobsl_islr" / "pseudo.csv", [table, {**table, "annot_prob": 0.2}])
    (one,) = records(tmp_path, "bobsl_islr", spotted={"pseudo.csv": "pseudo_labels"})
    assert (one.id, one.source.start, one.source.end) == ("e1_00000500_pseudo_labels_happy", 12, 31)
    with pytest.raises(ValidationError):
        registry.build("dataset", "bobsl_islr", spotted={"pseudo.csv": "guessed"})


def test_sequences_of_one_parquet_file(tmp_path: Path) -> None:
    pytest.importorskip("pyarrow", reason="parquet files need pyarrow, extra [datasets]")
    found = records(tmp_path, "google_asl_fingerspelling")
    clips = [read_source(r.source) for r in found[:2]]
    assert [clip.data.shape for clip in clips] == [(3, 543, 3)] * 2
    assert [float(clip.data[0, 5, 0]) for clip in clips] == [0.0, 1.0]
    assert np.array_equal(clips[1].data[:, 5, 2], [0, 1, 2])
    assert np.array_equal(clips[1].data[0, :, 1], [*range(33), *range(468), *range(21), *range(21)])
    with pytest.raises(DataError, match="has 0 frames of the sequence 5"):
        read_source(Source(found[0].source.path, item=5))


def test_dicta_sign_in_its_own_languages(tmp_path: Path) -> None:
    found = records(tmp_path, "dicta_sign", task="retrieval", languages=["GSL", "BSL"])
    assert [r.texts[0] for r in found] == ["<el> <gss> σπίτι", "<en> <bfi> house"]
