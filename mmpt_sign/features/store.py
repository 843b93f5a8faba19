"""A folder of many clips that is mapped into memory: any clip is there at once, nothing is parsed.

===================  ==============================================================================================
file                 content
===================  ==============================================================================================
manifest.json        version, points, sizes and SHA-256 of all files, records left out; written last, vouches for itself
index-HASH.arrow     one row per clip: the whole record, its bytes' place and CRC-32, the fingerprint of its source
shards/00000.bin     packed clips (`mmpt_sign.features.block`), 256 per shard
shards/00000.json    what is in the shard, for builds that go on; vouches for itself
skipped.csv          records whose clips could not be read, where there are any
===================  ==============================================================================================

Opening checks the manifest, the size of every file and every byte of the index.  The bytes of a clip are compared with
their CRC-32 when a process reads it first.  `Store.verify` reads everything.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from functools import lru_cache
from mmap import mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError
from mmpt_sign.features.block import unpack
from mmpt_sign.features.index import Index, read_index
from mmpt_sign.features.manifest import MANIFEST, Manifest, changed_files, read_manifest, wrong_sizes
from mmpt_sign.features.skipped import skipped_differ
from mmpt_sign.poses.clip import Clip, Layout
from mmpt_sign.records import Record, Source

NAMED = 5


class Store:
    """A finished store, open for reading; safe to share between threads and processes."""

    def __init__(self, folder: Path, manifest: Manifest, index: Index) -> None:
        self.folder = folder
        self.manifest = manifest
        self.form = manifest.form
        self._index = index
        self._maps: dict[int, NDArray[np.uint8]] = {}
        self._checked = np.frombuffer(mmap(-1, len(index)), np.bool_)  # one for all processes that are forked later

    @classmethod
    def open(cls, folder: Path | str) -> Store:
        """Check what can be checked without reading the clips; all wrong files are named at once."""
        folder = Path(folder)
        manifest = read_manifest(folder)
        problems = wrong_sizes(folder, manifest)
        if problems:
            raise DataError(problems)
        index = read_index(folder / manifest.index, manifest.files[manifest.index][1])
        index.check(manifest, manifest.form)
        return cls(folder, manifest, index)

    def __reduce__(self) -> tuple[Callable[[Path], Store], tuple[Path]]:
        return opened, (self.folder,)

    def __len__(self) -> int:
        return len(self._index)

    @property
    def layout(self) -> Layout:
        """The points of all clips."""
        return self.form.layout

    @property
    def ids(self) -> Sequence[str]:
        """The record ids, in the order of the clips."""
        return self._index.ids

    @property
    def lengths(self) -> list[int]:
        """Frames of every clip."""
        lengths: list[int] = self._index.frames.tolist()
        return lengths

    def number_of(self, record_id: str) -> int | None:
        """Which clip belongs to a record, None if none does."""
        return self._index.number.get(record_id)

    def records(self) -> list[Record]:
        """The records of the index, with sources that point into this store."""
        return self._index.records(self.folder)

    def item_of(self, source: Source) -> int:
        """Which clip a source means, by the id of its record (``member``), by number (``item``), or by both."""
        if source.member is None:
            if source.item is None:
                raise DataError(f"{self.folder}: the source of a clip in a store must say which item it is")
            return self._inside(source.item)
        item = source.item
        if item is not None and 0 <= item < len(self) and self._index.id_of(item) == source.member:
            return item
        item = self.number_of(source.member)
        if item is None:
            reason = self.manifest.skipped.get(source.member)
            why = f": it was left out when the store was built ({reason})" if reason else "; build the store again"
            raise DataError(f"{self.folder}: no clip of the record '{source.member}' in this store{why}")
        return item

    def frames_of(self, source: Source) -> int:
        """How long the clip of a source is, without touching it."""
        return int(self._index.frames[self.item_of(source)])

    def clip(self, item: int) -> Clip:
        """The clip number ``item``, read without touching any other."""
        return unpack(self.form, self.block(item), int(self._index.frames[item]))

    def block(self, item: int) -> NDArray[np.uint8]:
        """The bytes of a clip as they lie in the file, not copied; checked when they are asked for first."""
        item = self._inside(item)
        first = int(self._index.offset[item])
        last = first + self.form.bytes_of(int(self._index.frames[item]))
        block = self._shard(int(self._index.shard[item]))[first:last]
        if not self._checked[item]:
            if zlib.crc32(block.data) != int(self._index.crc[item]):
                raise DataError(
                    f"{self.folder}: clip {item} ('{self._index.id_of(item)}') is damaged, its bytes have changed "
                    "since they were written; 'mmpt-sign data verify' lists all damage"
                )
            self._checked[item] = True
        return block

    def verify(self, progress: Callable[[int, int], None] | None = None) -> None:
        """Read every byte and compare; one `DataError` lists all damage, with the clips that are hit."""
        problems = []
        for done, (name, problem) in enumerate(changed_files(self.folder, self.manifest), 1):
            if problem is not None:
                problems.append(problem + (self._hit(name.removesuffix(".bin")) if name.endswith(".bin") else ""))
            if progress is not None:
                progress(done, len(self.manifest.files))
        problems += skipped_differ(self.folder, self.manifest.skipped)
        if problems:
            raise DataError(problems)

    def _hit(self, shard: str) -> str:
        """Which clips of a changed shard are not what they were."""
        self._checked[:] = False
        try:
            number = self.manifest.shards.index(shard)
            hit = [item for item in np.flatnonzero(self._index.shard == number).tolist() if not self._intact(item)]
        except (DataError, ValueError):
            return ""
        names = ", ".join(self._index.id_of(item) for item in hit[:NAMED])
        more = f" and {len(hit) - NAMED} more" if len(hit) > NAMED else ""
        return f"; damaged clips: {names}{more}" if hit else "; no clip in use is damaged"

    def _intact(self, item: int) -> bool:
        try:
            return len(self.block(item)) > 0
        except DataError:
            return False

    def _inside(self, item: int) -> int:
        if not 0 <= item < len(self):
            raise DataError(f"{self.folder}: clip {item} is not among its {len(self)}")
        return item

    def _shard(self, number: int) -> NDArray[np.uint8]:
        """The bytes of a shard, mapped when its first clip is read."""
        if number not in self._maps:
            name = f"{self.manifest.shards[number]}.bin"
            size = self.manifest.files[name][0]
            try:
                mapped: Any = np.memmap(self.folder / name, np.uint8, "r").view(np.ndarray)
            except (OSError, ValueError) as error:
                raise DataError(f"{self.folder / name}: cannot be read ({error})") from error
            if len(mapped) != size:
                raise DataError(f"{self.folder / name}: has {len(mapped)} bytes, the manifest says {size}")
            self._maps[number] = mapped
        return self._maps[number]


def verify(folder: Path | str, progress: Callable[[int, int], None] | None = None) -> Store:
    """Check a store fully; a store that cannot be opened is read as far as its manifest tells what to read."""
    folder = Path(folder)
    manifest = read_manifest(folder)
    try:
        store = Store.open(folder)
    except DataError as error:
        found = [problem for _, problem in changed_files(folder, manifest) if problem]
        raise DataError(found + skipped_differ(folder, manifest.skipped) or error.problems) from error
    store.verify(progress)
    return store


def opened(folder: Path) -> Store:
    """The store in ``folder``, opened once per process as long as it does not change."""
    try:
        found = (folder / MANIFEST).stat()
        state = (found.st_mtime_ns, found.st_ino)
    except OSError:
        state = (0, 0)
    return _opened(folder, state)


@lru_cache(maxsize=16)
def _opened(folder: Path, state: tuple[int, int]) -> Store:
    return Store.open(folder)
