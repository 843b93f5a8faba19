"""Index tables in CSV, read with bounds and with row numbers, so that a message can point at the line to mend."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Literal

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

    def decimal(self, column: str) -> float | None:
        """A finite number, None where the field is empty; ValueError with the column's name otherwise."""
        value = self[column]
        try:
            number = float(value) if value else None
        except ValueError:
            raise ValueError(f"{column} '{value}' is not a number") from None
        if number is not None and not isfinite(number):
            raise ValueError(f"{column} '{value}' is not a finite number")
        return number

    def number_of(self, column: str) -> float | None:
        """A positive number, None where the field is empty; ValueError with the column's name otherwise."""
        number = self.decimal(column)
        if number is not None and number <= 0:
            raise ValueError(f"{column} '{self[column]}' is not a positive number")
        return number


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a table separates its fields, and whether quotation marks around a field mean anything."""

    delimiter: str = ","
    quoted: bool = True


COMMAS = Dialect()


def read_table(
    path: Path,
    required: tuple[str, ...] = (),
    columns: Mapping[str, str] | None = None,
    dialect: Dialect = COMMAS,
) -> list[Row]:
    """The rows of a CSV file; ``columns`` maps our names to the file's where they differ."""
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path}: larger than {MAX_BYTES >> 20} MiB, not an index table")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, delimiter=dialect.delimiter, quoting=quoting, strict=True)
            return list(_rows(path, reader, required, columns or {}))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except csv.Error as error:
        raise DataError(f"{path}: is not valid CSV ({error})") from error


def read_header(table: Path, dialect: Dialect = COMMAS) -> list[str]:
    """The column names of a table, none if it cannot be read (reading the rows says why)."""
    try:
        with table.open(encoding="utf-8-sig", errors="replace") as stream:
            return [name.strip().strip('"') for name in stream.readline(1 << 16).split(dialect.delimiter)]
    except OSError:
        return []


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
