"""Splits from a table of ids that `mmpt-sign data split` or anybody else wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mmpt_sign.datasets._splits import split_name
from mmpt_sign.datasets._table import read_table
from mmpt_sign.errors import DataError
from mmpt_sign.records import Record

SHOWN = 5


def with_splits_of(records: Sequence[Record], path: Path, folder: Path | None = None) -> list[Record]:
    """The records with the splits that the file (columns id and split) gives them; every id must be there.

    A relative path is looked for from the current folder and then in the data set's own ``folder``.
    """
    rows = read_table(_found(path, folder), ("id", "split"))
    split = {row["id"]: split_name(row["split"], {}) for row in rows}
    if len(split) < len(rows):
        seen: set[str] = set()
        twice = [row["id"] for row in rows if row["id"] in seen or seen.add(row["id"])]  # type: ignore[func-returns-value]
        raise DataError(f"{path}: ids occur twice: {_some(twice)}")
    missing = [record.id for record in records if not split.get(record.id)]
    if missing:
        raise DataError(
            f"{path}: has no split for {len(missing)} of the {len(records)} clips: {_some(missing)}; "
            "draw it anew with 'mmpt-sign data split'"
        )
    return [replace(record, split=split[record.id]) for record in records]


def _found(path: Path, folder: Path | None) -> Path:
    path = path.expanduser()
    inside = path if folder is None or path.is_absolute() else folder / path
    return inside if not path.is_file() and inside.is_file() else path


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
