"""``mmpt-sign data check``: all problems of a data set in one go, with the rows of the table that they are in."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from mmpt_sign.config.inherit import override
from mmpt_sign.config.yaml_file import Marked
from mmpt_sign.datasets._kept import absent_clips, missing
from mmpt_sign.datasets._table_set import TableSet
from mmpt_sign.datasets.folder import Folder
from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.records import SPLITS, Record
from mmpt_sign.registry import find, names, nearest
from mmpt_sign.text.tags import sign_language_name, text_language_name

SHOWN = 5


@dataclass(frozen=True)
class Report:
    """``problems`` must be mended; ``notes`` are worth knowing; ``counts`` say what there is."""

    problems: tuple[str, ...]
    notes: tuple[str, ...]
    counts: tuple[str, ...]

    @property
    def summary(self) -> tuple[str, ...]:
        """What to show in any case."""
        return self.counts + tuple(f"note: {note}" for note in self.notes)


def check_folder(folder: Path, **options: object) -> Report:
    """Check a folder with an ``index.csv``; ``options`` are those of the data set ``folder``."""
    return check(Folder.model_validate({"folder": folder.absolute(), **options}), None)


def check_named(name: str, overrides: Sequence[str] = (), data_root: Path | None = None) -> Report:
    """Check a data set by its name; ``overrides`` are ``key=value`` of its options."""
    if name not in names("dataset"):
        close = nearest(name, names("dataset"))
        raise ConfigError(f"'{name}' is neither a folder nor a data set{close}; `mmpt-sign names dataset` lists them")
    marked = Marked({"name": name})
    override(marked, overrides)
    try:
        dataset: Any = find("dataset", name).model_validate(marked.values)
    except ValidationError as error:
        problems = [f"{name}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False)]
        raise ConfigError(problems) from error
    if isinstance(dataset, TableSet):
        return check(dataset, data_root)
    records: Sequence[Record] = dataset.records(data_root)
    problems = [*check_records(records), *(f"split '{split}': {text}" for split, text in _missing_splits(records))]
    return Report(tuple(problems), tuple(_notes(records)), tuple(_counts(records)))


def check(dataset: TableSet, data_root: Path | None) -> Report:
    """Check every row, then every clip behind the rows that can be understood."""
    folder = dataset.place(data_root)
    records: list[Record] = []
    problems: list[str] = []
    for table in dataset.tables(folder):
        try:
            rows = dataset.rows(table)
        except DataError as error:
            return Report(tuple(error.problems), (), ())
        problems += [
            f"row {row.number}: the text is empty" for row in rows if not row["text"] and dataset.empty_text is None
        ]
        found, wrong = dataset.understood(table, rows)
        records += found
        problems += [f"row {number}: {message}" for number, message in wrong]
    records = records if problems else _listed(dataset, records, data_root)
    gone = missing(records) if dataset.absent != "ignore" else {}
    whole = [absent_clips(dataset.part_name, list(gone.values()), len(records))] if gone else []
    records = [record for record in records if record.id not in gone]
    problems += check_records(records) + (whole if dataset.absent == "error" or not records else [])
    problems += [f"split '{name}': {text}" for name, text in _missing_splits(records)]
    left_out = whole if dataset.absent == "skip" and records else []
    return Report(tuple(sorted(problems, key=_row)), (*left_out, *_notes(records)), tuple(_counts(records)))


def _listed(dataset: TableSet, records: list[Record], data_root: Path | None) -> list[Record]:
    """With the splits that the data set draws or reads from lists, unless ids stand in the way."""
    try:
        return list(dataset.listed(data_root))
    except DataError:
        return records


def check_records(records: Sequence[Record]) -> list[str]:
    """Problems of records of any data set: ids, tags, and the clips themselves."""
    return [*_repeated_ids(records), *_wrong_tags(records), *_in_two_splits(records), *_unreadable(records)]


def _repeated_ids(records: Iterable[Record]) -> Iterator[str]:
    first: dict[str, Record] = {}
    for record in records:
        if record.id in first:
            yield f"{_place(record)}: id '{record.id}' is already that of {_place(first[record.id])}"
        first.setdefault(record.id, record)


def _wrong_tags(records: Iterable[Record]) -> Iterator[str]:
    """Each wrong tag once, with the rows that have it."""
    rows: dict[str, list[Record]] = defaultdict(list)
    names = ((sign_language_name, "sign_language"), (text_language_name, "text_language"))
    for record in records:
        for name_of, field in names:
            tag = getattr(record, field)
            try:
                if tag:
                    name_of(tag)
            except DataError as error:
                rows[f"{field} {error}"].append(record)
    for message, having in rows.items():
        more = f" and {len(having) - 1} more" if len(having) > 1 else ""
        yield f"{_place(having[0])}{more}: {message}"


def _in_two_splits(records: Iterable[Record]) -> Iterator[str]:
    """A clip that is trained on and tested on makes every score worthless."""
    spans: dict[tuple[object, ...], list[Record]] = defaultdict(list)
    for record in records:
        source = record.source
        if source.made is None:
            spans[source.path, source.member, source.item].append(record)
    for same in spans.values():
        if len({record.split for record in same}) > 1:
            for one, other in pairwise(sorted(same, key=lambda record: record.source.start or 0)):
                end = one.source.end
                overlap = end is None or (other.source.start or 0) < end
                if overlap and one.split != other.split:
                    yield f"{_place(other)}: the same clip as {_place(one)}, but in {other.split}, not in {one.split}"


def _unreadable(records: Iterable[Record]) -> Iterator[str]:
    from mmpt_sign.poses.arrays import read_source

    for record in records:
        source = record.source
        if source.made is None and not source.path.exists():
            yield f"{_place(record)}: no file {source.path}"
            continue
        try:
            clip = read_source(source)
        except DataError as error:
            yield f"{_place(record)}: {error}"
            continue
        if not (clip.confidence > 0).any():
            yield f"{_place(record)}: {source.path} holds no detected point in {len(clip)} frames"
        span = None if source.end is None else source.end - (source.start or 0)
        if span is not None and len(clip) < span:
            yield f"{_place(record)}: end {source.end} lies behind the clip, {len(clip)} of {span} frames exist"
        elif record.frames is not None and record.frames != len(clip):
            yield f"{_place(record)}: frames says {record.frames}, the clip has {len(clip)}"


def _missing_splits(records: Sequence[Record]) -> Iterator[tuple[str, str]]:
    there = Counter(record.split for record in records)
    known = ", ".join(f"{name} ({count})" for name, count in there.items()) or "no row that can be understood"
    for name in SPLITS[:1]:
        if not there[name]:
            yield name, f"is empty, nothing to learn from; there is {known}"


def _notes(records: Sequence[Record]) -> Iterator[str]:
    by_split = {name: [record for record in records if record.split == name] for name in SPLITS}
    trained = {record.answer for record in by_split["train"]}
    for name in SPLITS[1:]:
        if not by_split[name]:
            yield f"no split '{name}'" + (
                "; the last checkpoint will be used" if name == "valid" else "; nothing to predict"
            )
        unseen = sorted({record.answer for record in by_split[name]} - trained)
        if unseen:
            yield f"{len(unseen)} answers of {name} are not in train: {_some(unseen)}"
    for name in sorted({record.split for record in records} - set(SPLITS)):
        yield f"split '{name}' is not used by training or prediction unless named"
    signers = {name: {record.signer for record in having if record.signer} for name, having in by_split.items()}
    for name in SPLITS[1:]:
        both = sorted(signers["train"] & signers[name])
        if both:
            share = f"{len(both)} of the {len(signers[name])} signers of {name}"
            yield f"{share} are in train too; split_by: signer keeps them apart"


def _counts(records: Sequence[Record]) -> Iterator[str]:
    for split, count in Counter(record.split for record in records).items():
        having = [record for record in records if record.split == split]
        languages = sorted({record.sign_language for record in having if record.sign_language})
        answers = len({record.answer for record in having})
        yield f"{split}: {count} clips, {answers} answers, sign languages {_some(languages) or 'not said'}"


def _some(words: Sequence[str]) -> str:
    return ", ".join(words[:SHOWN]) + (f" and {len(words) - SHOWN} more" if len(words) > SHOWN else "")


def _place(record: Record) -> str:
    return f"row {record.extra['row']}" if "row" in record.extra else f"record '{record.id}'"


def _row(problem: str) -> int:
    number = problem.removeprefix("row ").split(":")[0].split(" ")[0]
    return int(number) if number.isdigit() else 0
