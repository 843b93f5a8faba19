from __future__ import annotations

import sys
from collections import Counter
from importlib.util import find_spec
from pathlib import Path

import pytest
from pydantic import ValidationError

from mmpt_sign.datasets.fingerspelling_lexicon import LATIN, FingerspellingLexicon
from mmpt_sign.errors import DataError, NotInstalledError
from mmpt_sign.poses.read import frame_count
from tests.datasets.corpora import write_csv


@pytest.fixture(autouse=True)
def _package() -> None:
    if find_spec("spoken_to_signed") is None:
        pytest.skip("the package with the embedded data is not installed")


def test_latin_letters_of_sixteen_languages() -> None:
    imported = "spoken_to_signed" in sys.modules
    records = FingerspellingLexicon().records(None)
    assert len(records) == 410
    assert {r.sign_language for r in records} == set(LATIN)
    assert {r.group for r in records} == set("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert len({r.id for r in records}) == len({r.source.path for r in records}) == 410
    assert all(r.source.start is None and r.source.end is None for r in records)
    assert all(r.source.path.is_file() for r in records)
    assert min(frame_count(r.source.path) for r in records[:20]) >= 6
    assert ("spoken_to_signed" in sys.modules) == imported


def test_all_letters_without_the_duplicate_language() -> None:
    records = FingerspellingLexicon(letters="all").records(None)
    languages = Counter(r.sign_language for r in records)
    assert len(records) == 600
    assert len(languages) == 19
    assert "fsl" not in languages
    assert languages["jos"] == 38


@pytest.mark.parametrize(
    ("fold", "size", "languages"),
    [
        (1, 101, "ase csq lls ssp"),
        (2, 104, "asq eso mfs svk"),
        (3, 104, "bzs gsg psr swl"),
        (4, 101, "cse ise sgg tsm"),
    ],
)
def test_folds_hold_out_four_whole_languages(fold: int, size: int, languages: str) -> None:
    records = FingerspellingLexicon.model_validate({"fold": fold}).records(None)
    test = [r for r in records if r.split == "test"]
    assert len(test) == size
    assert {r.sign_language for r in test} == set(languages.split())
    assert not {r.sign_language for r in records if r.split == "train"} & set(languages.split())


def test_chosen_languages() -> None:
    records = FingerspellingLexicon(hold_out=("ase", "gsg"), validate_on=("swl",)).records(None)
    assert Counter(r.split for r in records) == {"train": 332, "test": 52, "valid": 26}
    assert {r.sign_language for r in records if r.split == "valid"} == {"swl"}


def test_prompts_tags_and_answers() -> None:
    first = FingerspellingLexicon().records(None)[0]
    assert first.id == "ase_A"
    assert first.texts[:2] == ("Fingerspell the letter A in American Sign Language.", "<en> <ase> A")
    assert (first.sign_language, first.text_language, first.answer) == ("ase", "en", "A")
    assert FingerspellingLexicon(group_by="prompt").records(None)[0].answer == first.texts[0]
    letters = {r.id: r.group for r in FingerspellingLexicon(letters="all").records(None)}
    assert letters["gsg_ä"] == letters["asq_Ä"] == "Ä"


def test_languages_that_cannot_be_held_out() -> None:
    with pytest.raises(ValidationError, match="did you mean 'ase'"):
        FingerspellingLexicon(hold_out=("asl",))
    with pytest.raises(DataError, match="no clip in the sign language 'bfi'"):
        FingerspellingLexicon(hold_out=("bfi",)).records(None)
    with pytest.raises(DataError, match="held out twice"):
        FingerspellingLexicon(hold_out=("ase",), validate_on=("ase",)).records(None)


def test_a_lexicon_of_the_same_layout(tmp_path: Path) -> None:
    row = {"path": "x/a.pose", "spoken_language": "en", "signed_language": "bfi", "start": 1, "end": 2, "words": "A"}
    write_csv(tmp_path / "index.csv", [row, {**row, "signed_language": "isg", "path": "y/a.pose"}])
    records = FingerspellingLexicon(folder=tmp_path, hold_out=("isg",)).records(None)
    assert [r.id for r in records] == ["bfi_A", "isg_A"]
    assert records[0].source.path == tmp_path / "x" / "a.pose"


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mmpt_sign.datasets._place.find_spec", lambda name: None)
    with pytest.raises(NotInstalledError, match="spoken-to-signed"):
        FingerspellingLexicon().records(None)
