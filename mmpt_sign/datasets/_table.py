"""Index tables in CSV, read with bounds and with row numbers, so that a message can point at the line to mend."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mmpt_sign.errors import DataError
from mmpt_sign.registry import nearest

MAX_BYTES = 1 << 30
MAX_ROWS = 10_000_000


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table; ``number`` counts from 1 with the header, as an editor or a spreadsheet does."""

    number: int
    values: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "").strip()

    def integer(self, column: str) -> int | None:
        """A whole number, None where the field is empty; ValueError with the column's name otherwise."""
        value = self[column]
        try:
            return int(value) if value else None
        except ValueError:
            raise ValueError(f"{column} '{value}' is not a whole number") from None

    def number_of(self, column: str) -> float | None:
        """A positive number, None where the field is empty; ValueError with the column's name otherwise."""
        value = self[column]
        try:
            number = float(value) if value else None
        except ValueError:
            raise ValueError(f"{column} '{value}' is not a number") from None
        if number is not None and not 0 < number < float("inf"):
            raise ValueError(f"{column} '{value}' is not a positive number")
        return number


def read_table(path: Path, required: tuple[str, ...] = (), columns: Mapping[str, str] | None = None) -> list[Row]:
    """The rows of a CSV file; ``columns`` maps our names to the file's where they differ."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path}: larger than {MAX_BYTES >> 20} MiB, not an index table")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return list(_rows(path, csv.reader(stream, strict=True), required, columns or {}))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except csv.Error as error:
        raise DataError(f"{path}: is not valid CSV ({error})") from error


def _rows(
    path: Path, reader: Iterator[list[str]], required: tuple[str, ...], columns: Mapping[str, str]
) -> Iterator[Row]:
    header = [name.strip() for name in next(reader, [])]
    _check_header(path, header, required, columns)
    ours = {theirs: name for name, theirs in columns.items()}
    names = [ours.get(name, f"{name} (not used)" if name in columns else name) for name in header]
    problems = []
    for number, fields in enumerate(reader, start=2):
        if number > MAX_ROWS:
            raise DataError(f"{path}: more than {MAX_ROWS} rows")
        if len(fields) == len(names):
            yield Row(number, dict(zip(names, fields, strict=True)))
        elif fields:
            problems.append(f"{path}: row {number} has {len(fields)} fields, the header {len(names)}")
    if problems:
        raise DataError(problems)


def _check_header(path: Path, header: list[str], required: tuple[str, ...], columns: Mapping[str, str]) -> None:
    if not header:
        raise DataError(f"{path}: is empty; its first line must name the columns")
    wanted = {*columns.values(), *(columns.get(name, name) for name in required)}
    problems = [
        f"{path}: no column '{name}'{nearest(name, header)}; it has {', '.join(header)}"
        for name in sorted(wanted - set(header))
    ]
    problems += [
        f"{path}: two columns are called '{name}'" for name in sorted({n for n in header if header.count(n) > 1})
    ]
    if problems:
        raise DataError(problems)
