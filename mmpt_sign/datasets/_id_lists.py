"""Small text files beside a corpus: numbered labels and lists of ids; and ids that tell what a clip is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from mmpt_sign.datasets._splits import split_name
from mmpt_sign.errors import DataError

MAX_BYTES = 64 << 20


def lines(path: Path) -> list[str]:
    """The lines of a text file that are neither empty nor comments."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path}: larger than {MAX_BYTES >> 20} MiB, not a list")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    return [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]


def labels(path: Path) -> dict[int, str]:
    """Lines ``12 = NAME``; every wrong line is reported."""
    found, problems = {}, []
    for line in lines(path):
        number, sign, name = (part.strip() for part in line.partition("="))
        if sign and name and number.isascii() and number.isdigit():
            found[int(number)] = name
        else:
            problems.append(f"{path}: '{line[:80]}' is not of the form NUMBER = NAME")
    if problems:
        raise DataError(problems)
    return found


def named(ids: Iterable[str], pattern: str) -> dict[str, dict[str, str]]:
    """What each id says of its clip, by the names of the pattern's groups; every strange id is reported."""
    found = {name: re.fullmatch(pattern, name) for name in ids}
    strange = [f"id '{name}' is not of the form {pattern}" for name, match in found.items() if match is None]
    if strange:
        raise DataError(strange)
    return {name: match.groupdict() for name, match in found.items() if match is not None}


def split_lists(folder: Path, lists: Mapping[str, str]) -> dict[str, str]:
    """The split of each id from files of ids; an id in two of them is an error."""
    split: dict[str, str] = {}
    problems = []
    for given, file in lists.items():
        name = split_name(given, {})
        for item in lines(folder / file):
            if split.get(item, name) != name:
                problems.append(f"{folder / file}: id '{item}' is already in {split[item]}")
            split[item] = name
    if problems:
        raise DataError(problems)
    return split
