"""Caption manifests of CiCo: both layouts, groups with several takes, a dev file that holds the training sentences."""

from __future__ import annotations

import logging
import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mmpt_sign import registry
from mmpt_sign.errors import DataError
from mmpt_sign.records import Record


def dump(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(content))
    return path


def take(name: str, text: str, original: str | None = None) -> dict[str, Any]:
    return {"video_name": name, "text": text, "num_frames": 9, **({"ori_text": original} if original else {})}


def records(corpus: str, root: Path, **options: Any) -> list[Record]:
    part = registry.build("dataset", name=corpus, absent="ignore", **options)
    return list(part.records(root))


@pytest.fixture
def phoenix(tmp_path: Path) -> Path:
    train = {"a-1": take("a-1", "rain tomorrow", "morgen Regen"), "b-1": take("b-1", "Sun  today", "heute Sonne"),
             "c-1": take("c-1", "sun today", "heute  SONNE")}  # fmt: skip
    dump(tmp_path / "phoenix14t/train.pkl", train)
    dump(tmp_path / "phoenix14t/dev.pkl", {**train, "d-1": take("d-1", "wind", "Wind")})
    dump(tmp_path / "phoenix14t/test.pkl", {"e-1": take("e-1", "snow", "Schnee")})
    return tmp_path


MANIFESTS = {"manifests": {"train": "train.pkl", "valid": "dev.pkl", "test": "test.pkl"}}


def test_training_sentences_in_the_dev_file_are_left_out_and_that_is_said(
    phoenix: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        found = records("phoenix14t", phoenix, **MANIFESTS)
    assert [(r.id, r.split) for r in found] == [
        ("a-1", "train"), ("b-1", "train"), ("c-1", "train"), ("d-1", "valid"), ("e-1", "test"),
    ]  # fmt: skip
    assert "dev.pkl: 3 of its 4 sentences are those of train.pkl and are left out; 1 remain for 'valid'" in caplog.text
    assert found[3].source.path == phoenix / "phoenix14t/poses/dev/d-1.pose"
    assert {r.frames for r in found} == {9}


def test_test_sentences_that_are_trained_on_are_an_error(phoenix: Path) -> None:
    dump(phoenix / "phoenix14t/test.pkl", {"a-1": take("a-1", "x")})
    with pytest.raises(DataError, match="id 'a-1'"):
        records("phoenix14t", phoenix, **MANIFESTS)


def test_the_text_is_the_original_one_or_the_translation(phoenix: Path) -> None:
    original = records("phoenix14t", phoenix, **MANIFESTS)
    translated = records("phoenix14t", phoenix, **MANIFESTS, caption="text", text_language="en")
    assert original[0].texts == ("morgen Regen",)
    assert (translated[0].texts, translated[0].text_language) == (("rain tomorrow",), "en")


def test_equal_texts_are_one_answer_unless_only_takes_are(phoenix: Path) -> None:
    by_text = {r.id: r.group for r in records("phoenix14t", phoenix, **MANIFESTS)}
    by_group = {r.id: r.group for r in records("phoenix14t", phoenix, **MANIFESTS, same_answer="group")}
    assert by_text["b-1"] == by_text["c-1"] == "b-1"
    assert by_group == {name: name for name in by_group}
    assert records("phoenix14t", phoenix, **MANIFESTS)[2].extra["sentence"] == "c-1"


def test_takes_of_a_sentence_share_the_text_of_its_first_take(tmp_path: Path) -> None:
    content = {
        "S000000": [take("S000000_P0000_T00", "a b"), take("S000000_P0004_T00", "other")],
        "S000001": [take("S000001_P0000_T00", "c", "词")],
    }
    dump(tmp_path / "csl_daily/train.pkl", content)
    found = records("csl_daily", tmp_path, manifests={"train": "train.pkl"}, same_answer="group")
    assert [(r.texts[0], r.group, r.signer) for r in found] == [
        ("a b", "S000000", "P0000"), ("a b", "S000000", "P0004"), ("词", "S000001", "P0000"),
    ]  # fmt: skip


def test_groups_of_how2sign_keep_their_order_and_their_takes(tmp_path: Path) -> None:
    content = {f"v_{k}": [take(f"v_{k}-{n}-rgb_front.mp4", f"sentence {k}") for n in range(k + 1)] for k in (2, 0, 1)}
    dump(tmp_path / "how2sign/data_h2s/test.pkl", content)
    found = records("how2sign", tmp_path, manifests={"test": "data_h2s/test.pkl"})
    assert list(Counter(r.group for r in found).items()) == [("v_2", 3), ("v_0", 1), ("v_1", 2)]
    assert found[0].id == "v_2-0-rgb_front"
    assert {r.split for r in found} == {"test"}


class Harmful:
    def __reduce__(self) -> tuple[Any, ...]:
        return print, ("never",)


@pytest.mark.parametrize(
    "content",
    [["no", "dictionary"], {}, {"a": []}, {"a": {"text": "no name"}}, {"a": take("a", "x"), "b": 3}, Harmful()],
)
def test_anything_else_is_refused_by_its_name(content: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dump(tmp_path / "phoenix14t/train.pkl", content)
    with pytest.raises(DataError, match=r"train\.pkl"):
        records("phoenix14t", tmp_path, manifests={"train": "train.pkl"})
    assert not capsys.readouterr().out
