"""What an output folder knows about itself, so that a job stopped at any instant goes on where it was.

=================  ==================================================================================================
extraction.json    the options that all results here were made with; other options are refused
done.jsonl         one line per finished file: its source, span, size, frames, remarks
skipped.csv        id, source, reason of every item that could not be made
index.csv          the finished files as a table, with the columns of the index they came from; ready for training
.partial/          unfinished files, cleared when the next job starts
=================  ==================================================================================================

A file appears under its name when it is complete (extraction/worker.py), and its line is written afterwards.  Where a
job was killed between the two, that one file is made again.
"""

from __future__ import annotations

import csv
import fcntl
import json
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.extraction.item import Item, Outcome
from mmpt_sign.extraction.signature import signature, stamp
from mmpt_sign.extraction.worker import PARTIAL
from mmpt_sign.files import read_csv, write_csv, write_text

OPTIONS, DONE, SKIPPED, INDEX = "extraction.json", "done.jsonl", "skipped.csv", "index.csv"
VERSION = 1
EVERY = 5.0  # seconds between two writings of the table of skipped items, which is written as a whole
OWN_COLUMNS = ("id", "path", "frames")
NEEDED = {*"id target span signature stamp bytes frames columns".split()}  # of a line of done.jsonl
SKIPPED_COLUMNS = ("id", "source", "reason")
NOT_CARRIED = {*OWN_COLUMNS, "start", "end", "n_frames"}  # spans are cut out already


class Ledger:
    """One job's hold on an output folder."""

    def __init__(self, folder: Path, options: Mapping[str, Any], *, overwrite: bool = False) -> None:
        self.folder = folder
        self.options = {"version": VERSION, **json.loads(json.dumps(options))}
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = (folder / PARTIAL).with_suffix(".lock").open("w")
        self._hold()
        known = self._known_options()
        self.is_new = known is None and not overwrite
        if overwrite:
            self._forget()
        elif known is None and (foreign := next(filter(Path.exists, (folder / INDEX, folder / SKIPPED)), None)):
            raise DataError(f"{foreign}: was not made by an extraction and would be lost; choose another folder")
        self._rows = {row["target"]: row for row in _lines(folder / DONE)}
        if self._rows and known != self.options:
            raise ConfigError(_differences(folder, known or {}, self.options))
        self._known = None if overwrite else known
        shutil.rmtree(folder / PARTIAL, ignore_errors=True)
        self.skipped = {row["id"]: row for row in _skipped(folder / SKIPPED)}
        self._done = _appending(folder / DONE)
        self._told = 0.0

    def __enter__(self) -> Ledger:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.close()
        self._write_skipped()
        shutil.rmtree(self.folder / PARTIAL, ignore_errors=True)
        self._lock.close()

    def unfinished(self, items: Iterable[Item], *, retry_skipped: bool = False) -> list[Item]:
        """The items that still have to be made; those skipped before are left alone unless asked for."""
        waiting = [item for item in items if not self.has(item)]
        if self.is_new:
            foreign = [item.target for item in waiting if (self.folder / item.target).exists()]
            if foreign:
                raise DataError(
                    f"{self.folder / foreign[0]}: exists already and was not made by an extraction"
                    f" ({len(foreign)} such files); choose another folder, or --overwrite"
                )
        if self._known != self.options:
            write_text(self.folder / OPTIONS, json.dumps(self.options, indent=2) + "\n")
        if retry_skipped:
            for item in waiting:
                self.skipped.pop(item.id, None)
        return [item for item in waiting if item.id not in self.skipped]

    def has(self, item: Item) -> bool:
        """Whether the item's file is there, whole, and made from the same piece of the same source."""
        row = self._rows.get(item.target)
        if row is None or row["span"] != _span(item):
            return False
        target = self.folder / item.target
        if not target.is_file() or target.stat().st_size != row["bytes"]:
            return False
        if not item.source.exists():
            return True  # sources may be thrown away once they are used
        return bool(row["stamp"] == stamp(item.source) != "" or row["signature"] == signature(item.source))

    def record(self, outcome: Outcome) -> None:
        """Keep what became of an item."""
        item, made = outcome.item, outcome.made
        if made is None:
            self.skipped[item.id] = {"id": item.id, "source": str(item.source), "reason": outcome.reason}
            if time.monotonic() - self._told > EVERY:
                self._write_skipped()
            return
        self.skipped.pop(item.id, None)
        row = {
            "id": item.id, "target": item.target, "source": str(item.source), "span": _span(item),
            "signature": outcome.signature, "stamp": outcome.stamp, "bytes": outcome.bytes, "frames": made.frames,
            "remarks": made.remarks, "columns": {**_carried(item), **made.columns},
        }  # fmt: skip
        self._rows[item.target] = row
        self._done.write(json.dumps(row) + "\n")
        self._done.flush()

    def write_index(self, items: Iterable[Item]) -> Path:
        """The table of all finished files; what the present index says of an item counts, not what an older one did."""
        for item in items:
            if item.target in self._rows:
                self._rows[item.target]["columns"].update(_carried(item))
        rows = [
            {**row["columns"], "id": row["id"], "path": row["target"], "frames": row["frames"]}
            for row in self._rows.values()
            if (self.folder / row["target"]).is_file()
        ]
        columns = dict.fromkeys([*OWN_COLUMNS, *(key for row in rows for key in row)])
        return write_csv(self.folder / INDEX, list(columns), sorted(rows, key=lambda row: str(row["path"])))

    def _write_skipped(self) -> None:
        self._told = time.monotonic()
        path = self.folder / SKIPPED
        if self.skipped or path.exists():
            write_csv(path, SKIPPED_COLUMNS, self.skipped.values())

    def _hold(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise DataError(
                f"{self.folder}: another extraction is writing here; wait for it or choose another folder"
            ) from error

    def _known_options(self) -> dict[str, Any] | None:
        path = self.folder / OPTIONS
        if not path.exists():
            return None
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise DataError(f"{path}: is not JSON ({error}); use --overwrite to begin anew") from error
        return found if isinstance(found, dict) else {}

    def _forget(self) -> None:
        for name in (DONE, SKIPPED, OPTIONS, INDEX):
            (self.folder / name).unlink(missing_ok=True)


def _span(item: Item) -> list[Any]:
    return [item.span.start, item.span.end, item.span.unit]


def _carried(item: Item) -> dict[str, str]:
    return {key: value for key, value in item.columns.items() if key not in NOT_CARRIED}


def _lines(path: Path) -> Iterable[dict[str, Any]]:
    """The complete lines; the last one of a killed job may be half written, and what it tells of is made again."""
    if not path.exists():
        return
    with _readable(path):
        lines = path.read_text(encoding="utf-8").splitlines()
    for line in lines:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if _is_ours(row):
            yield row


def _is_ours(row: Any) -> bool:
    """Whether a line says all that `Ledger` asks of it."""
    if not isinstance(row, dict) or not row.keys() >= NEEDED:
        return False
    return isinstance(row["target"], str) and isinstance(row["columns"], dict)


def _skipped(path: Path) -> list[dict[str, str]]:
    """The rows that an extraction wrote; an item of any other row is tried again."""
    if not path.exists():
        return []
    with _readable(path):
        rows = read_csv(path)
    return [{name: row[name] for name in SKIPPED_COLUMNS} for row in rows if None not in map(row.get, SKIPPED_COLUMNS)]


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """A file that is not text was damaged or is another program's, so nothing in it is guessed or written over."""
    try:
        yield
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read ({error}); mend it, or use --overwrite to begin anew") from error


def _appending(path: Path) -> TextIO:
    """The journal, open behind its last line, which is completed if a kill cut it off."""
    file = path.open("a+", encoding="utf-8", errors="replace")
    if file.tell():
        file.seek(file.tell() - 1)
        if file.read() != "\n":
            file.write("\n")
    return file


def _differences(folder: Path, known: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    keys = [key for key in dict.fromkeys([*known, *wanted]) if known.get(key) != wanted.get(key)]
    keys = [key for key in keys if key in ("extractor", "name")] or keys
    changes = [f"  {key}: {known.get(key)!r} there, {wanted.get(key)!r} now" for key in keys]
    return [f"{folder}: its files were made with other options; choose another folder, or --overwrite", *changes]
