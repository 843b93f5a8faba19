"""Language tags: ISO 639-3 for sign languages, ISO 639-1 or 639-3 for written ones, with names and nearest matches.

A wrong tag is not harmless: it becomes a prompt that the model has never seen.  Sign languages may carry a region
(``rsl-by``); ``qaa`` to ``qtz`` are ISO's own codes for private use and pass everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Annotated

from pydantic import AfterValidator

from mmpt_sign.errors import DataError
from mmpt_sign.registry import nearest
from mmpt_sign.text._tag_table import (
    ABBREVIATIONS,
    AMBIGUOUS,
    COUNTRIES,
    MORE_WRITTEN_LANGUAGES,
    SIGN_LANGUAGES,
    WRITTEN_LANGUAGES,
)

_REGION = re.compile(r"-[a-z]{2,3}\Z")
_PRIVATE = re.compile(r"q[a-t][a-z]\Z")


@cache
def sign_languages() -> dict[str, str]:
    """Name of every known sign language by its tag."""
    pairs = (entry.split(" ", 1) for entry in _entries(SIGN_LANGUAGES))
    return {tag: name.partition("=")[2] or f"{name} Sign Language" for tag, name in pairs}


@cache
def written_languages() -> dict[str, str]:
    """Name of every known written language by its two-letter tag and by its three-letter tag."""
    known: dict[str, str] = {}
    for entry in _entries(WRITTEN_LANGUAGES):
        two, three, name = entry.split(" ", 2)
        known |= {two: name, three: name}
    for entry in _entries(MORE_WRITTEN_LANGUAGES):
        tag, name = entry.split(" ", 1)
        known[tag] = name
    return known


def sign_language_name(tag: str) -> str:
    """``gsg`` -> ``German Sign Language``; `DataError` with the nearest tag if there is none."""
    base = _REGION.sub("", tag)
    name = _name(base, sign_languages(), "sign language (ISO 639-3)", "sign language")
    return name if base == tag else f"{name} ({tag[len(base) + 1 :].upper()})"


def sign_language_tag(code: str) -> str:
    """What a corpus calls a sign language as a tag: ``DGS``, ``dsgs``, ``ch-de`` or the country ``de`` -> ``gsg``.

    A tag stays as it is, with its region.  A code that communities of several countries use is an error, because the
    wrong tag would do silent harm.
    """
    if _REGION.sub("", code) in sign_languages() or _PRIVATE.match(code):
        return code
    word = code.strip().lower()
    if word in AMBIGUOUS.split():
        raise DataError(f"'{code}' names several sign languages; use a tag of ISO 639-3{_hint(code, sign_languages())}")
    tag = _codes().get(word)
    if tag is None:
        raise DataError(f"'{code}' is no code of a sign language{_hint(code, sign_languages())}")
    return tag


@cache
def _codes() -> dict[str, str]:
    """Tags by abbreviation and by country, in lower case."""
    return dict(entry.split(" ") for entry in [*_entries(COUNTRIES), *_entries(ABBREVIATIONS.lower())])


def text_language_name(tag: str) -> str:
    """``de`` or ``deu`` -> ``German``; `DataError` with the nearest tag if there is none."""
    return _name(tag, written_languages(), "written language (ISO 639-1 or 639-3)", "language")


def _entries(table: str) -> list[str]:
    return [entry for line in table.split("\n") for entry in line.split("|") if entry]


def _name(tag: str, known: dict[str, str], what: str, private: str) -> str:
    if tag in known:
        return known[tag]
    if _PRIVATE.match(tag):
        return f"{private} {tag}"
    raise DataError(f"'{tag}' is not a tag of a {what}{_hint(tag, known)}")


def _hint(tag: str, known: dict[str, str]) -> str:
    """The tag that was meant: by abbreviation, by name, or by spelling."""
    called = dict(entry.split(" ") for entry in _entries(ABBREVIATIONS.lower()))
    by_name = {name.lower().removesuffix(" sign language"): code for code, name in reversed(known.items())}
    word = tag.lower().removesuffix(" sign language")
    meant = next((code for code in (called.get(word), by_name.get(word)) if code in known), None)
    return f" (did you mean '{meant}', {known[meant]}?)" if meant else nearest(word, list(known))


def _checked(name_of: Callable[[str], str]) -> Callable[[str], str]:
    def check(tag: str) -> str:
        try:
            name_of(tag)
        except DataError as error:
            raise ValueError(str(error)) from error
        return tag

    return check


SignLanguage = Annotated[str, AfterValidator(_checked(sign_language_name))]
TextLanguage = Annotated[str, AfterValidator(_checked(text_language_name))]
