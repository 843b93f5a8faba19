"""The index table of a store: one row per clip with the whole record and where its bytes are, mapped into memory.

An Arrow file, because any tool reads it and because a million rows are there at once: nothing is parsed on opening.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError, NotInstalledError
from mmpt_sign.features.block import ALIGNED, Form
from mmpt_sign.features.manifest import Manifest
from mmpt_sign.features.sealed import digest_of, settle
from mmpt_sign.features.shard import Place
from mmpt_sign.records import Record, Source

REPEATED = ("split", "signer", "sign_language", "text_language")
NUMBERS = {name: np.dtype(kind) for name, kind in
           (("shard", "int32"), ("offset", "int64"), ("frames", "int32"), ("crc", "uint32"))}  # fmt: skip


def arrow() -> Any:
    """The library, or how to get it."""
    try:
        import pyarrow
        import pyarrow.ipc
    except ImportError as error:
        raise NotInstalledError("pyarrow, which keeps the index of a clip store,", "train") from error
    return pyarrow


def _schema() -> Any:
    pa = arrow()
    text = pa.string()
    few = pa.dictionary(pa.int32(), text)
    columns = {"id": text, **dict.fromkeys(REPEATED, few), "texts": pa.list_(text), "group": text}
    columns |= {"extra": pa.map_(text, text), "fingerprint": text}
    return pa.schema([*columns.items(), *((name, pa.from_numpy_dtype(kind)) for name, kind in NUMBERS.items())])


def write_index(folder: Path, records: Sequence[Record], places: Sequence[Place], shards: Sequence[str]) -> str:
    """Write the table under a name made of its content, and return that name.

    The name differs from that of the table before, which stays in use until the manifest names the new one.
    """
    pa = arrow()
    number = {name: k for k, name in enumerate(shards)}
    columns: dict[str, Any] = {
        "id": [record.id for record in records],
        **{name: [getattr(record, name) for record in records] for name in REPEATED},
        "texts": [list(record.texts) for record in records],
        "group": [record.group for record in records],
        "extra": [[(str(key), str(value)) for key, value in record.extra.items()] for record in records],
        "fingerprint": [place.fingerprint for place in places],
        "shard": [number[place.shard] for place in places],
        **{name: [getattr(place, name) for place in places] for name in ("offset", "frames", "crc")},
    }
    schema = _schema()
    try:
        kinds = {field.name: field.type for field in schema}
        arrays = [
            pa.array(values, pa.string()).dictionary_encode() if name in REPEATED else pa.array(values, kinds[name])
            for name, values in ((field.name, columns[field.name]) for field in schema)
        ]
        table = pa.Table.from_arrays(arrays, schema=schema)
    except (pa.ArrowException, UnicodeError, OverflowError) as error:
        raise DataError(f"{folder}: the records cannot be written as a table ({error})") from error
    fresh = folder / ".index.arrow"
    with fresh.open("wb") as file:
        with pa.ipc.new_file(file, schema) as writer:
            writer.write_table(table)
        settle(file)
    name = f"index-{digest_of(fresh)[:16]}.arrow"
    fresh.replace(folder / name)
    return name


class Index:
    """The rows of an opened store."""

    def __init__(self, path: Path, table: Any) -> None:
        self.path = path
        self._table = table
        self._ids = table["id"]
        self.shard, self.offset, self.frames, self.crc = (self._numbers(name) for name in NUMBERS)

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def _numbers(self, name: str) -> NDArray[Any]:
        """A column as it lies in the file; Arrow's own way would import pandas."""
        column = self._table[name].combine_chunks()
        array = column if hasattr(column, "buffers") else column.chunk(0)
        return np.frombuffer(array.buffers()[1], NUMBERS[name], len(array), array.offset * NUMBERS[name].itemsize)

    def id_of(self, item: int) -> str:
        """The record id of one row."""
        return str(self._ids[item].as_py())

    @cached_property
    def ids(self) -> Sequence[str]:
        """All record ids."""
        return tuple(self._ids.to_pylist())

    @cached_property
    def number(self) -> Mapping[str, int]:
        """The row of each id, made when it is first asked for."""
        return {name: item for item, name in enumerate(self.ids)}

    def records(self, folder: Path) -> list[Record]:
        """Every row as the record it was made of, its source pointing into the store."""
        names = ("id", "split", "texts", "signer", "sign_language", "text_language", "group", "frames", "extra")
        columns = (self._table[name].to_pylist() for name in names)
        return [
            Record(
                name, split, tuple(texts), Source(folder, member=name, item=item), signer, sign_language, text_language,
                group, frames, dict(extra),
            )
            for item, (name, split, texts, signer, sign_language, text_language, group, frames, extra)
            in enumerate(zip(*columns, strict=True))
        ]  # fmt: skip

    def check(self, manifest: Manifest, form: Form) -> None:
        """Every row must lie inside its shard, whatever wrote the table."""
        sizes = np.array([manifest.files[f"{name}.bin"][0] for name in manifest.shards], np.int64)
        fits = len(self) == manifest.clips and int(self.frames.sum(dtype=np.int64)) == manifest.frames
        if fits and len(self):
            inside = (self.shard >= 0) & (self.shard < len(sizes)) & (self.frames > 0) & (self.offset >= 0)
            inside &= self.offset % ALIGNED == 0
            size = form.fixed_bytes + self.frames.astype(np.int64) * form.frame_bytes
            ends = self.offset + size + -size % ALIGNED
            fits = bool(inside.all()) and bool((ends <= sizes[self.shard]).all())
        if not fits:
            raise DataError(f"{self.path}: does not fit the manifest; build the store again")


def read_index(path: Path, sha256: str) -> Index:
    """Map the table after checking every byte of it: a wrong row would give another clip's frames."""
    pa = arrow()
    try:
        with pa.memory_map(str(path)) as file:
            data = file.read_buffer()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise DataError(f"{path}: damaged, has changed since it was written")
        table = pa.ipc.open_file(pa.BufferReader(data)).read_all()
        if table.schema != _schema():
            raise DataError(f"{path}: other columns than a store's index has: {', '.join(table.schema.names)}")
        table.validate(full=True)
        if not table.num_rows or any(table[name].null_count for name in table.schema.names):
            raise DataError(f"{path}: has empty cells, or no row at all; build the store again")
    except (OSError, pa.ArrowException, ValueError) as error:
        raise DataError(f"{path}: not readable as an Arrow table ({error})") from error
    return Index(path, table)
