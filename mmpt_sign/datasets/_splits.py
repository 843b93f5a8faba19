"""Names of splits, and new splits that keep signers apart."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from mmpt_sign.errors import DataError
from mmpt_sign.records import SPLITS, Record, usual_split

SplitBy = Literal["signer", "random"]
MOVABLE = (*SPLITS, "all")  # rows of any other split stay where they are
OVERSHOOT = 1.25


def split_name(name: str, renamed: Mapping[str, str]) -> str:
    """Our name of a corpus's split."""
    return renamed.get(name) or usual_split(name)


def known_signer(name: str) -> str:
    """The signer, or nothing where a corpus writes that it does not know."""
    return "" if name.lower().startswith(("unknown", "not labelled", "n/a")) else name


def resplit(records: Sequence[Record], by: SplitBy, seed: int, valid: float, test: float) -> list[Record]:
    """The records with train, valid and test drawn anew; by signer, nobody is in two of them."""
    moved = [record for record in records if record.split in MOVABLE]
    if by == "signer":
        _check_signers(moved)
    units = Counter(record.signer if by == "signer" else record.id for record in moved)
    chosen = _assign(units, seed, {"test": test, "valid": valid})
    return [
        replace(record, split=chosen[record.signer if by == "signer" else record.id])
        if record.split in MOVABLE
        else record
        for record in records
    ]


def split_by_language(records: Sequence[Record], languages: Mapping[str, Sequence[str]]) -> list[Record]:
    """Whole sign languages in other splits, the rest in train."""
    there = sorted({record.sign_language for record in records})
    split = {tag: name for name, tags in languages.items() for tag in tags}
    if len(split) < sum(len(tags) for tags in languages.values()):
        raise DataError(
            f"a sign language is held out twice: {'; '.join(f'{k}: {list(v)}' for k, v in languages.items())}"
        )
    absent = [f"no clip in the sign language '{tag}', which is held out; there are {', '.join(there)}" for tag in split]
    problems = [problem for problem, tag in zip(absent, split, strict=True) if tag not in there]
    if problems:
        raise DataError(problems)
    return [replace(record, split=split.get(record.sign_language, "train")) for record in records]


def shuffled_split(ids: Sequence[str], seed: int, valid: float, test: float) -> dict[str, str]:
    """The split of each id as the original draws it: shuffle the ids, the first part validates, the next one tests."""
    order = list(ids)
    random.Random(seed).shuffle(order)
    first, second = int(len(order) * valid), int(len(order) * test)
    return {name: "valid" if i < first else "test" if i < first + second else "train" for i, name in enumerate(order)}


def _assign(units: Counter[str], seed: int, shares: Mapping[str, float]) -> dict[str, str]:
    order = sorted(units)
    random.Random(seed).shuffle(order)
    total = sum(units.values())
    chosen: dict[str, str] = {}
    for split, share in shares.items():
        goal, count = share * total, 0
        for unit in order:
            if unit not in chosen and count < goal and count + units[unit] <= max(goal * OVERSHOOT, 1):
                chosen[unit] = split
                count += units[unit]
        left = [unit for unit in order if unit not in chosen]
        if share and not count and len(left) > 1:
            chosen[min(left, key=lambda unit: units[unit])] = split
    return {unit: chosen.get(unit, "train") for unit in order}


def _check_signers(records: Sequence[Record]) -> None:
    unnamed = sum(not record.signer for record in records)
    signers = {record.signer for record in records if record.signer}
    if unnamed:
        raise DataError(f"split_by signer: {unnamed} of {len(records)} records name no signer; use split_by: random")
    if len(signers) < 3:
        raise DataError(f"split_by signer: {len(signers)} signers are too few for train, valid and test")
