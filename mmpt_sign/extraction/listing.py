"""From what a user names (files, folders, an index table) to the items of a job."""

from __future__ import annotations

import csv
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from mmpt_sign.errors import DataError
from mmpt_sign.extraction.item import Item
from mmpt_sign.video.source import SUFFIXES
from mmpt_sign.video.span import Span, Unit

PATH_COLUMNS = ("path", "video", "file")  # the first of these that a table has names the sources
MAX_CELL = 1 << 20


def is_video(path: Path) -> bool:
    """A file that is called like a video."""
    return path.suffix.lower() in SUFFIXES and path.is_file()


def holds_keypoints(path: Path) -> bool:
    """A folder with one JSON file per frame, as OpenPose writes it."""
    return path.is_dir() and next(path.glob("*_keypoints.json"), None) is not None


def walk(sources: Sequence[Path], suffix: str, wanted: Callable[[Path], bool] = is_video) -> list[Item]:
    """One item per source: those named, and those found in folders, which keep their place below the folder.

    ``wanted`` tells what counts as a source; a folder that counts is not searched further.  Ids are names without
    ending; where two of a folder differ in their ending alone, the ending stays.
    """
    found = [pair for source in sources for pair in _found(source, wanted)]
    stems = Counter(_stem(relative) for _, relative in found)
    items = []
    for path, relative in found:
        stem = _stem(relative)
        name = stem if stems[stem] == 1 else relative.as_posix()
        items.append(Item(name, path, name + suffix))
    return sorted(items, key=lambda item: item.id)


def from_index(table: Path, suffix: str, *, folder: Path | None = None, unit: Unit = "seconds") -> list[Item]:
    """One item per row of a CSV table, all problems of which are reported together.

    Columns: ``path`` (relative to ``folder``, by default the table's), and where known ``id``, ``start`` and ``end`` in
    ``unit``.  All others are handed on to the output's own table.
    """
    columns, rows = _rows(table)
    column = next((name for name in PATH_COLUMNS if name in columns), None)
    if column is None:
        raise DataError(f"{table}: has no column {' or '.join(PATH_COLUMNS)} (it has {', '.join(columns) or 'none'})")
    items, problems = [], []
    for number, row in rows:
        try:
            items.append(_item(row, column, folder or table.parent, suffix, unit))
        except (ValueError, DataError) as error:
            problems.append(f"{table}:{number}: {error}")
    if not items and not problems:
        problems = [f"{table}: has no rows"]
    if problems:
        raise DataError(problems)
    return items


def _found(source: Path, wanted: Callable[[Path], bool]) -> Iterator[tuple[Path, Path]]:
    if wanted(source):
        yield source, Path(source.name)
    elif source.is_dir():
        found = [(path, path.relative_to(source)) for path in _below(source, wanted)]
        if not found:
            raise DataError(f"{source}: nothing to extract from is in this folder or below it")
        yield from found
    elif source.is_file():
        yield source, Path(source.name)  # named by the user, whatever its ending
    else:
        raise DataError(f"{source}: there is no such file or folder")


def _below(folder: Path, wanted: Callable[[Path], bool]) -> Iterator[Path]:
    """Sources in the order of their names; hidden folders are left out."""
    for place, folders, files in os.walk(folder, followlinks=False):
        hits = [name for name in folders if wanted(Path(place, name))]
        folders[:] = sorted(name for name in folders if name not in hits and not name.startswith("."))
        yield from (Path(place, name) for name in sorted([*hits, *(f for f in files if wanted(Path(place, f)))]))


def _stem(relative: Path) -> str:
    is_named_like_a_file = relative.suffix.lower() in SUFFIXES
    return (relative.with_suffix("") if is_named_like_a_file else relative).as_posix()


def _rows(table: Path) -> tuple[list[str], Iterable[tuple[int, dict[str, str]]]]:
    csv.field_size_limit(MAX_CELL)
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            columns = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = columns
            rows = [
                (reader.line_num, {key: (value or "").strip() for key, value in row.items() if isinstance(key, str)})
                for row in reader
            ]
    except OSError as error:
        raise DataError(f"{table}: cannot be read ({error.strerror})") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise DataError(f"{table}: is not a CSV table in UTF-8 ({error})") from error
    return columns, rows


def _item(row: dict[str, str], column: str, folder: Path, suffix: str, unit: Unit) -> Item:
    if not row[column]:
        raise ValueError(f"column {column} is empty")
    path = Path(row[column])
    if ".." in path.parts:
        raise ValueError(f"{column} '{path}' leaves the folder")
    name = row.get("id") or _stem(path.relative_to(path.anchor))
    span = Span(_number(row, "start"), _number(row, "end"), unit)
    carried = {key: value for key, value in row.items() if key != column}
    return Item(name, folder / path, name + suffix, span, carried)


def _number(row: dict[str, str], column: str) -> float | None:
    if not row.get(column):
        return None
    try:
        return float(row[column])
    except ValueError:
        raise ValueError(f"{column} '{row[column]}' is no number") from None
