"""Shards: files of packed clips that never change once they have their name.

``shards/00007.bin`` holds clips one after the other, ``shards/00007.json`` lists them and is written after it: a shard
is there if its list is.  What a shard holds depends on the clips alone, never on how they were packed, so a build that
was killed goes on after its last shard and ends with the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from mmpt_sign.errors import DataError
from mmpt_sign.features.block import Form
from mmpt_sign.features.manifest import SHARDS
from mmpt_sign.features.sealed import read_sealed, sealed, settle, write_settled

CLIPS, BYTES = 256, 256 << 20  # a shard is full when it has so many of either; what a kill can cost


class Packed(NamedTuple):
    """A clip ready to be written."""

    record_id: str
    fingerprint: str
    frames: int
    crc: int
    data: bytes


class Place(NamedTuple):
    """Where a packed clip is, and which state of its source it was made from."""

    shard: str
    offset: int
    frames: int
    crc: int
    fingerprint: str


@dataclass(frozen=True)
class Shard:
    """The list of one shard."""

    name: str
    size: int
    sha256: str
    clips: tuple[tuple[str, Place], ...]


class ShardWriter:
    """Fills one shard after the other; only full ones, and the last one, ever get a name."""

    def __init__(self, folder: Path, form: Form, taken: set[str], clips: int = CLIPS) -> None:
        self.folder = folder
        self.finished: list[Shard] = []
        self._form, self._taken, self._most = form, set(taken), clips
        self._partial = folder / SHARDS / ".filling"
        self._partial.parent.mkdir(parents=True, exist_ok=True)
        self._start()

    def add(self, packed: Packed) -> None:
        """Write one clip."""
        self._clips.append((packed.record_id, packed.fingerprint, packed.frames, packed.crc, self._size))
        self._file.write(packed.data)
        self._sum.update(packed.data)
        self._size += len(packed.data)
        if len(self._clips) >= self._most or self._size >= BYTES:
            self._finish()
            self._start()

    def close(self, *, complete: bool) -> None:
        """Give the last shard its name, or forget it."""
        if complete and self._clips:
            self._finish()
        self._file.close()
        self._partial.unlink(missing_ok=True)

    def _start(self) -> None:
        self._file = self._partial.open("wb")
        self._sum = hashlib.sha256()
        self._size = 0
        self._clips: list[tuple[str, str, int, int, int]] = []

    def _finish(self) -> None:
        settle(self._file)
        self._file.close()
        number = next(n for n in range(10**9) if f"{SHARDS}/{n:05d}" not in self._taken)
        name = f"{SHARDS}/{number:05d}"
        self._taken.add(name)
        self._partial.replace(self.folder / f"{name}.bin")
        content = {
            "form": self._form.digest,
            "bytes": self._size,
            "sha256": self._sum.hexdigest(),
            "clips": self._clips,
        }
        write_settled(self.folder / f"{name}.json", sealed(content))
        self.finished.append(_shard(name, content))


def shards_in(folder: Path, form: Form) -> Iterator[Shard]:
    """The complete shards of a folder, by number."""
    for path in sorted((folder / SHARDS).glob("[0-9]*.json")):
        content = read_sealed(path)
        remedy = f"remove {path.with_suffix('.*').name} and build again, which packs only its clips anew"
        try:
            shard = _shard(f"{SHARDS}/{path.stem}", content)
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(f"{path}: incomplete ({error}); {remedy}") from error
        if content["form"] != form.digest:
            raise DataError(
                f"{path}: its clips have other points than {form}; give the points that the build was begun with, or "
                "choose another folder"
            )
        data = path.with_suffix(".bin")
        size = data.stat().st_size if data.is_file() else 0
        if size != shard.size:
            raise DataError(f"{data}: has {size} bytes, its list says {shard.size}; {remedy}")
        yield shard


def _shard(name: str, content: dict[str, object]) -> Shard:
    rows: list[tuple[str, str, int, int, int]] = content["clips"]  # type: ignore[assignment]
    clips = tuple((i, Place(name, offset, frames, crc, mark)) for i, mark, frames, crc, offset in rows)
    return Shard(name, int(str(content["bytes"])), str(content["sha256"]), clips)


def forget_others(folder: Path, files: set[str]) -> None:
    """Remove shards that no clip of the store is in any more, and what a killed build left behind.

    Lists go first: a list without its shard would be damage.
    """
    strange = [path for path in (folder / SHARDS).iterdir() if f"{SHARDS}/{path.name}" not in files]
    for path in sorted(strange, key=lambda path: path.suffix != ".json"):
        if path.suffix in (".bin", ".json") or path.name.startswith("."):
            path.unlink()
