"""Draw splits that can be repeated: the same records, seed and shares give the same table on any machine.

``random`` keeps the mix of answers; ``text`` keeps every answer in one split (for signs never trained on) and the mix
of sign languages; ``signer`` keeps every signer in one split.  Answers and signers are units of very different size,
and most dictionaries have one clip per answer, which the stratified splitters of scikit-learn refuse.  So units are
dealt out one after the other to the split that lacks most, or, for signers, the best of many draws is taken.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.datasets._splits import MOVABLE
from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.records import SPLITS
from mmpt_sign.registry import nearest

if TYPE_CHECKING:
    from mmpt_sign.records import Record

By = Literal["signer", "random", "text"]
DRAWS = 200
Shares = Mapping[str, float]
IntArray = NDArray[np.int64]


def parse_by(text: str) -> By:
    """One of the three ways."""
    ways: tuple[By, ...] = get_args(By)
    found = next((way for way in ways if way == text), None)
    if found is None:
        raise ConfigError(f"--by {text}: no such way{nearest(text, list(ways))}; known: {', '.join(ways)}")
    return found


def parse_shares(text: str) -> dict[str, float]:
    """``0.8,0.1,0.1`` as shares of train, valid and test; a share of 0 leaves that split out."""
    try:
        shares = [float(share) for share in text.split(",")]
    except ValueError:
        shares = []
    if len(shares) != 3 or not shares[0] > 0 or min(shares) < 0 or not abs(sum(shares) - 1) < 1e-6:
        raise ConfigError(f"--shares {text}: write three shares of train, valid, test that add up to 1: 0.8,0.1,0.1")
    return dict(zip(SPLITS, shares, strict=True))


def drawn(records: Sequence[Record], by: By, shares: Shares, seed: int) -> dict[str, str]:
    """The split of each record by its id; records of other splits than train, valid, test and all stay there."""
    moved = [record for record in records if record.split in MOVABLE]
    wanted = {split: share for split, share in shares.items() if share > 0}
    if by == "signer":
        _check_signers(moved, wanted)
        of = _best_draw(moved, wanted, seed)
        chosen = {record.id: of[record.signer] for record in moved}
    else:
        chosen = _dealt(moved, by, wanted, seed)
    missing = [split for split in wanted if split not in chosen.values()]
    if missing:
        raise DataError(
            f"{len(moved)} clips with {len({record.answer for record in moved})} answers are too few for shares of "
            f"{', '.join(f'{split} {share:g}' for split, share in wanted.items())}: {', '.join(missing)} stays empty"
        )
    return {record.id: chosen.get(record.id, record.split) for record in records}


@dataclass(frozen=True, slots=True)
class Part:
    """One split as drawn; ``unseen`` counts its answers that train does not have."""

    split: str
    clips: int
    share: float
    signers: int
    answers: int
    unseen: int

    def __str__(self) -> str:
        text = f"{self.split}: {self.clips} clips ({self.share:.1%}), {self.answers} answers, {self.signers} signers"
        return text + (f"; {self.unseen} answers are not in train" if self.unseen and self.split != "train" else "")


def summary(records: Sequence[Record], split: Mapping[str, str]) -> list[Part]:
    """What each split holds."""
    found: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[split[record.id]].append(record)
    trained = {record.answer for record in found["train"]}
    order = [*SPLITS, *sorted(found.keys() - set(SPLITS))]
    return [
        Part(
            name,
            len(found[name]),
            len(found[name]) / len(records),
            len({record.signer for record in found[name] if record.signer}),
            len({record.answer for record in found[name]}),
            len({record.answer for record in found[name]} - trained),
        )
        for name in order
        if found[name]
    ]


def _dealt(records: Sequence[Record], by: By, shares: Shares, seed: int) -> dict[str, str]:
    """Units in the order of their strata, each to the split that lacks most of what is dealt out so far."""
    unit_of = {record.id: record.id if by == "random" else record.answer for record in records}
    sizes = Counter(unit_of.values())
    strata = {unit_of[record.id]: record.answer if by == "random" else record.sign_language for record in records}
    order = sorted(sizes)
    np.random.default_rng(seed).shuffle(order)
    place = {stratum: number for number, stratum in enumerate(dict.fromkeys(strata[unit] for unit in order))}
    counts, total, chosen = dict.fromkeys(shares, 0), 0, {}
    for unit in sorted(order, key=lambda unit: place[strata[unit]]):
        total += sizes[unit]
        split = max(shares, key=lambda split: shares[split] * total - counts[split])
        counts[split] += sizes[unit]
        chosen[unit] = split
    return {record.id: chosen[unit_of[record.id]] for record in records}


def _best_draw(records: Sequence[Record], shares: Shares, seed: int) -> dict[str, str]:
    """Signers to splits: of many draws the one whose sizes, and whose mix of answers, are nearest to the shares."""
    signers = sorted({record.signer for record in records})
    answers = {answer: number for number, answer in enumerate(sorted({record.answer for record in records}))}
    number = {signer: index for index, signer in enumerate(signers)}
    signer_of = np.array([number[record.signer] for record in records])
    answer_of = np.array([answers[record.answer] for record in records])
    sizes = np.bincount(signer_of, minlength=len(signers))
    rng = np.random.default_rng(seed)
    best, least = None, np.inf
    for _ in range(DRAWS):
        split_of = _filled(sizes, list(shares.values()), rng.permutation(len(signers)))
        cost = _distance(split_of[signer_of], answer_of, len(answers), np.array(list(shares.values())))
        if cost < least:
            best, least = split_of, cost
    if best is None:
        raise AssertionError("every draw has a finite distance")
    splits = list(shares)
    return {signer: splits[best[index]] for signer, index in number.items()}


def _filled(sizes: IntArray, shares: Sequence[float], order: IntArray) -> IntArray:
    """The split of each signer: the later splits are filled in turn, none stays empty, train is the rest."""
    split_of = np.zeros(len(sizes), np.int64)
    at, total = 0, int(sizes.sum())
    for split in range(len(shares) - 1, 0, -1):
        goal, count, first = shares[split] * total, 0, at
        room = len(order) - split  # one signer for each split that is still to come
        while at < room and (at == first or abs(count + sizes[order[at]] - goal) < abs(count - goal)):
            split_of[order[at]] = split
            count += int(sizes[order[at]])
            at += 1
    return split_of


def _distance(split_of: IntArray, answer_of: IntArray, answers: int, shares: NDArray[np.float64]) -> float:
    """How far the shares of the clips, and of each answer's clips, are from those wanted."""
    counts = np.bincount(split_of * answers + answer_of, minlength=len(shares) * answers).reshape(len(shares), answers)
    sizes = counts.sum(1) / counts.sum()
    mixed = counts / counts.sum(0)
    return float(np.abs(sizes - shares).sum() + np.abs(mixed - shares[:, None]).sum(0).mean())


def _check_signers(records: Sequence[Record], shares: Shares) -> None:
    unnamed = sum(not record.signer for record in records)
    signers = {record.signer for record in records}
    if unnamed:
        raise DataError(f"--by signer: {unnamed} of {len(records)} records name no signer; use --by random or text")
    if len(signers) < len(shares):
        raise DataError(
            f"--by signer: {len(signers)} signers are too few for {', '.join(shares)}; use --by random, or leave a "
            f"split out with a share of 0"
        )
