from __future__ import annotations

import pytest
from pydantic import BaseModel, ValidationError

from mmpt_sign.errors import DataError
from mmpt_sign.text._tag_table import ABBREVIATIONS, COUNTRIES
from mmpt_sign.text.tags import (
    SignLanguage,
    TextLanguage,
    sign_language_name,
    sign_language_tag,
    sign_languages,
    text_language_name,
    written_languages,
)

IN_THE_DATA = (
    "ase gsg bfi fsl sgg ssr slf ise asq bzs cse csq eso gss jos lls mfs psr ssp svk swl tsm ukl kvk dsl lsl rsl aed "
    "csl icl bqn pso asf pks fse jsl rms csg ins nzs ils csf ysl rsl-by gss-cy"
)


@pytest.mark.parametrize("tag", IN_THE_DATA.split(" "))
def test_every_sign_language_of_the_data_has_a_name(tag: str) -> None:
    assert "Sign" in sign_language_name(tag)


def test_names() -> None:
    assert sign_language_name("gsg") == "German Sign Language"
    assert sign_language_name("ils") == "International Sign"
    assert sign_language_name("rsl-by") == "Russian Sign Language (BY)"
    assert text_language_name("de") == text_language_name("deu") == "German"
    assert text_language_name("gsw") == "Swiss German"


def test_tables_are_well_formed() -> None:
    assert all(len(tag) == 3 and tag.isalpha() and tag.islower() for tag in sign_languages())
    assert all(len(tag) in (2, 3) and tag.isalpha() and tag.islower() for tag in written_languages())
    assert len(set(sign_languages().values())) == len(sign_languages())
    assert sum(len(tag) == 2 for tag in written_languages()) > 180


def test_private_use_passes() -> None:
    assert sign_language_name("qaa") == "sign language qaa"
    assert text_language_name("qtz") == "language qtz"


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("ASL", "ase"),
        ("asl", "ase"),
        ("DGS", "gsg"),
        ("American", "ase"),
        ("German Sign Language", "gsg"),
        ("LSM", "mfs"),
    ],
)
def test_the_sign_language_that_was_meant(wrong: str, meant: str) -> None:
    with pytest.raises(DataError, match=f"did you mean '{meant}'"):
        sign_language_name(wrong)


@pytest.mark.parametrize(("wrong", "meant"), [("German", "de"), ("EN", "en"), ("french", "fr")])
def test_the_written_language_that_was_meant(wrong: str, meant: str) -> None:
    with pytest.raises(DataError, match=f"did you mean '{meant}"):
        text_language_name(wrong)


def test_a_sign_language_is_no_written_one() -> None:
    with pytest.raises(DataError):
        text_language_name("ase")
    with pytest.raises(DataError):
        sign_language_name("en")
    with pytest.raises(DataError):
        sign_language_name("")


def test_in_yaml() -> None:
    class Block(BaseModel):
        signed: SignLanguage
        written: TextLanguage

    assert Block(signed="ase", written="en").signed == "ase"
    with pytest.raises(ValidationError, match="2 validation errors"):
        Block(signed="asl", written="english")


@pytest.mark.parametrize(
    ("code", "tag"),
    [
        ("gsg", "gsg"), ("rsl-by", "rsl-by"), ("gss-cy", "gss-cy"), ("qaa", "qaa"),
        ("ASL", "ase"), ("BSL", "bfi"), ("DGS", "gsg"), ("GSL", "gss"), ("LSF", "fsl"),
        ("dsgs", "sgg"), ("lsf-ch", "ssr"), ("lis-ch", "slf"), ("ch-de", "sgg"), ("ch-fr", "ssr"), ("ch-it", "slf"),
        ("us", "ase"), ("gb", "bfi"), ("de", "gsg"), ("CY", "gss-cy"), ("by", "rsl-by"), (" DGS ", "gsg"),
    ],
)  # fmt: skip
def test_codes_of_corpora_and_countries(code: str, tag: str) -> None:
    assert sign_language_tag(code) == tag


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ISL", "'ISL' names several sign languages"),
        ("ch", "'ch' is no code of a sign language"),
        ("german", "did you mean 'gsg'"),
        ("", "'' is no code of a sign language"),
    ],
)
def test_codes_that_are_no_tag(code: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        sign_language_tag(code)


def test_every_code_means_a_known_language() -> None:
    entries = [entry for table in (ABBREVIATIONS, COUNTRIES) for line in table.split("\n") for entry in line.split("|")]
    pairs = [entry.split(" ") for entry in entries if entry]
    assert all(sign_language_name(tag) for _, tag in pairs)
    assert len({code.lower() for code, _ in pairs}) == len(pairs)
