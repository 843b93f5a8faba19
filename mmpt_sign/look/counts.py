"""What a data set holds, counted: per set, split and language, per text, and what its splits and languages share."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from statistics import median
from typing import TYPE_CHECKING, Any

from mmpt_sign.look.clips import Looks, same_clips
from mmpt_sign.records import SPLITS

if TYPE_CHECKING:
    from mmpt_sign.records import Record

Row = dict[str, Any]
TALLIES = (
    "clips", "hours", "signers", "clips_without_signer", "signs", "texts", "sign_languages", "text_languages",
    "frames_mean", "frames_median", "frames_min", "frames_max", "unreadable",
)  # fmt: skip


def concept(record: Record) -> str:
    """The bare text of a clip, without the tags of its prompt."""
    return record.extra.get("text") or record.texts[0]


def split_order(names: Iterable[str]) -> list[str]:
    """train, valid, test, then any others by name."""
    there = set(names)
    return [name for name in SPLITS if name in there] + sorted(there - {*SPLITS})


def tally(records: Sequence[Record], looks: Looks) -> Row:
    """One row of counts; ``signs`` are distinct answers, and lengths are of the clips that tell theirs."""
    lengths = [looks.lengths[record.id] for record in records if record.id in looks.lengths]
    frames = [count for count, _ in lengths]
    return {
        "clips": len(records),
        "hours": sum(count / fps for count, fps in lengths) / 3600,
        "signers": len({record.signer for record in records if record.signer}),
        "clips_without_signer": sum(not record.signer for record in records),
        "signs": len({record.answer for record in records}),
        "texts": len({concept(record) for record in records}),
        "sign_languages": len({record.sign_language for record in records if record.sign_language}),
        "text_languages": len({record.text_language for record in records if record.text_language}),
        "frames_mean": sum(frames) / len(frames) if frames else None,
        "frames_median": float(median(frames)) if frames else None,
        "frames_min": min(frames, default=None),
        "frames_max": max(frames, default=None),
        "unreadable": sum(record.id in looks.unreadable for record in records),
    }


def tallies(
    records: Sequence[Record], looks: Looks, of: Mapping[str, Sequence[str]], order: Sequence[str] = ()
) -> list[Row]:
    """A row of counts for each combination of the given names; ``of`` maps a column to its value per record."""
    found: dict[tuple[str, ...], list[Record]] = defaultdict(list)
    for record, key in zip(records, zip(*of.values(), strict=True), strict=True):
        found[key].append(record)
    place = {name: index for index, name in enumerate(order)}
    keys = sorted(found, key=lambda key: [(place.get(name, len(place)), name) for name in key])
    return [{**dict(zip(of, key, strict=True)), **tally(found[key], looks)} for key in keys]


def per_text(records: Sequence[Record]) -> list[Row]:
    """A row for each text, the most frequent first."""
    found: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        found[concept(record)].append(record)
    rows = [
        {
            "text": text,
            "clips": len(clips),
            "signers": len({clip.signer for clip in clips if clip.signer}),
            "sign_languages": _joined(clip.sign_language for clip in clips),
            "text_languages": _joined(clip.text_language for clip in clips),
            "splits": " ".join(split_order(clip.split for clip in clips)),
        }
        for text, clips in found.items()
    ]
    return sorted(rows, key=lambda row: (-row["clips"], row["text"]))


def counted(values: Iterable[str], column: str) -> list[Row]:
    """How often each value occurs, the most frequent first; nothing is not counted."""
    often = Counter(value for value in values if value)
    return [{column: value, "count": often[value]} for value in sorted(often, key=lambda value: (-often[value], value))]


def shared(
    records: Sequence[Record],
    of: Callable[[Record], str],
    what: Callable[[Record], Hashable],
    order: Sequence[str] | None = None,
) -> tuple[list[str], list[list[int]]]:
    """Names and a square table: how many different ``what`` two of them (splits, languages) have in common."""
    found: dict[str, set[Hashable]] = defaultdict(set)
    for record in records:
        value = what(record)
        if of(record) and value:
            found[of(record)].add(value)
    names = [name for name in order if name in found] if order is not None else sorted(found)
    return names, [[len(found[a] & found[b]) for b in names] for a in names]


def duplicates(records: Sequence[Record], looks: Looks) -> list[Row]:
    """What occurs several times: ids, frames that two records point at, clips with the same numbers."""
    by_id: dict[str, Record] = {record.id: record for record in records}
    spans: dict[Hashable, list[Record]] = defaultdict(list)
    for record in records:
        source = record.source
        spans[source.path, source.member, source.item, source.start, source.end].append(record)
    often = Counter(record.id for record in records)
    rows = [_duplicate("id", [record for record in records if record.id == i]) for i, n in often.items() if n > 1]
    rows += [_duplicate("source", same) for same in spans.values() if len(same) > 1]
    pointed = {frozenset(record.id for record in same) for same in spans.values() if len(same) > 1}
    rows += [
        _duplicate("content", [by_id[name] for name in ids])
        for ids in same_clips(looks)
        if frozenset(ids) not in pointed
    ]
    return rows


def _duplicate(kind: str, same: Sequence[Record]) -> Row:
    return {
        "kind": kind,
        "clips": len(same),
        "ids": " ".join(record.id for record in same),
        "splits": " ".join(split_order(record.split for record in same)),
        "texts": " | ".join(dict.fromkeys(concept(record) for record in same)),
    }


def _joined(values: Iterable[str]) -> str:
    return " ".join(sorted({value for value in values if value}))
