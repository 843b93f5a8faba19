"""Build a store, go on with a build that was interrupted, or add what has come since: all the same call.

The shards on the disk are a stock of packed clips, known by record id and fingerprint of the source.  A build packs
what the stock lacks into new shards and then writes the index of exactly the records given, in their order.  So

- a killed build goes on after its last full shard, and ends byte for byte like one that nobody disturbed;
- clips that are there already are never packed again, whatever is added, taken away or renamed beside them;
- clips that are there and not among the records stay or stop the build, unless it is told to drop them;
- the number of processes changes nothing in the files.
"""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mmpt_sign.errors import DataError
from mmpt_sign.features.block import Form
from mmpt_sign.features.index import arrow, write_index
from mmpt_sign.features.manifest import MANIFEST, SHARDS, VERSION, Manifest, read_manifest
from mmpt_sign.features.packing import Job, Packer, Unreadable, outcomes
from mmpt_sign.features.plan import (
    Changed,
    Others,
    check_share,
    form_of,
    listed,
    places_beside,
    plan,
    some,
    source_fingerprint,
)
from mmpt_sign.features.sealed import digest_of
from mmpt_sign.features.shard import CLIPS, Place, Shard, ShardWriter, forget_others, shards_in
from mmpt_sign.features.skipped import write_skipped
from mmpt_sign.poses.arrays import read_source
from mmpt_sign.poses.clip import Clip
from mmpt_sign.records import Record

LEFTOVERS = (".index.arrow", ".manifest.*.json", ".skipped.*.csv")  # of a build that was killed


@dataclass(frozen=True)
class Built:
    """What a build did; ``left_out`` counts clips with points of a component that the store has no room for."""

    form: Form
    clips: int
    frames: int
    added: int
    skipped: Mapping[str, str]
    left_out: Mapping[str, int]
    unused_bytes: int


def own_clip(record: Record) -> Clip:
    """The clip that a record points at."""
    return read_source(record.source)


def build_store(
    records: Sequence[Record],
    read: Callable[[Record], Clip],
    folder: Path | str,
    *,
    points: Sequence[str] | None = None,
    dims: int | None = None,
    workers: int = 1,
    max_skipped: float = 0.05,
    changed: Changed = "stop",
    others: Others = "stop",
    fingerprint: Callable[[Record], str] = source_fingerprint,
    shard_clips: int = CLIPS,
    progress: Callable[[int, int, int], None] | None = None,
) -> Built:
    """Make ``folder`` the store of ``records``, packing only what it lacks.

    ``points`` are full names or named selections; without them the first readable clip decides, for the whole life of
    the store.  ``changed`` says what happens to clips whose source is another one than when they were packed, and
    ``others`` what happens to clips of the store that are not among the records.  A clip that ``read`` refuses
    (`DataError`, `OSError`) is left out and listed; more than ``max_skipped`` of all is an error.  ``progress`` is told
    clips done, clips in all, and clips skipped.
    """
    arrow()  # told before anything is packed
    folder = Path(folder)
    _check_records(records)
    with _alone_in(folder):
        before = read_manifest(folder) if (folder / MANIFEST).exists() else None
        form = form_of(before, records, read, points, dims, max_skipped)
        stock = list(shards_in(folder, form))
        beside = places_beside(folder, before, records, stock, others)
        places, jobs = plan(records, stock, fingerprint, changed, folder)
        build = _Packing(folder, form, stock, len(records), max_skipped, progress)
        build.run(jobs, Packer(read, form), workers, shard_clips)
        whole = [*(record for record, _ in beside), *records]
        known = {record.id: place for record, place in beside}
        return _finished(folder, form, whole, {**known, **places, **build.places}, build)


def _check_records(records: Sequence[Record]) -> None:
    often = [name for name, count in Counter(record.id for record in records).items() if count > 1]
    if often:
        raise DataError(f"{len(often)} record ids occur more than once, a store needs one clip per id: {some(often)}")
    if not records:
        raise DataError("there are no records, a store of nothing is not written")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the folder: two builds would overwrite each other's shards.  The lock ends with the process."""
    known = (MANIFEST, SHARDS)
    if folder.exists() and not any((folder / name).exists() for name in known) and any(folder.iterdir()):
        raise DataError(f"{folder}: exists already and is no clip store; choose another folder")
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        _lock(handle, folder)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise DataError(f"{folder}: another process is building this store") from error
    except OSError:  # a file system without locks
        return


class _Packing:
    """The long part of a build: read, pack, write, count."""

    def __init__(
        self,
        folder: Path,
        form: Form,
        stock: list[Shard],
        records: int,
        max_skipped: float,
        progress: Callable[[int, int, int], None] | None,
    ) -> None:
        self.folder, self.form, self.shards = folder, form, stock
        self.records, self.max_skipped, self.progress = records, max_skipped, progress
        self.places: dict[str, Place] = {}
        self.skipped: dict[str, str] = {}
        self.left_out: Counter[str] = Counter()

    def run(self, jobs: Sequence[Job], packer: Packer, workers: int, shard_clips: int) -> None:
        """Pack all that is lacking; the shards that are full stay if it is interrupted."""
        writer = ShardWriter(self.folder, self.form, {shard.name for shard in self.shards}, shard_clips)
        done = self.records - len(jobs)
        complete = False
        try:
            for outcome in outcomes(jobs, packer, workers):
                if isinstance(outcome.packed, Unreadable):
                    self.skipped[outcome.packed.record_id] = outcome.packed.reason
                    check_share(self.skipped, self.records, self.max_skipped)
                else:
                    writer.add(outcome.packed)
                self.left_out.update(outcome.left_out)
                done += 1
                if self.progress is not None:
                    self.progress(done, self.records, len(self.skipped))
            complete = True
        finally:
            writer.close(complete=complete)
        self.places = {name: place for shard in writer.finished for name, place in shard.clips}
        self.shards = [*self.shards, *writer.finished]


def _finished(
    folder: Path, form: Form, records: Sequence[Record], places: Mapping[str, Place], build: _Packing
) -> Built:
    """Write the index, then the manifest, which makes the build count; then clear away what is no longer needed."""
    kept = [record for record in records if record.id in places]
    if not kept:
        raise DataError([f"none of the {len(records)} clips can be read:", *listed(build.skipped)])
    where = [places[record.id] for record in kept]
    used = {place.shard for place in where}
    shards = sorted((shard for shard in build.shards if shard.name in used), key=lambda shard: int(shard.name[7:]))
    index = write_index(folder, kept, where, [shard.name for shard in shards])
    files = {index: ((folder / index).stat().st_size, digest_of(folder / index))}
    for shard in shards:
        contents = folder / f"{shard.name}.json"
        files[f"{shard.name}.bin"] = (shard.size, shard.sha256)
        files[f"{shard.name}.json"] = (contents.stat().st_size, digest_of(contents))
    frames = sum(place.frames for place in where)
    names = tuple(shard.name for shard in shards)
    skipped = dict(build.skipped)
    Manifest(VERSION, form.points, form.dims, len(kept), frames, index, names, files, skipped).write(folder)
    write_skipped(folder, skipped)
    for pattern in ("index-*.arrow", *LEFTOVERS):
        for path in folder.glob(pattern):
            if path.name != index:
                path.unlink()
    forget_others(folder, set(files))
    unused = sum(shard.size for shard in shards) - sum(form.bytes_of(place.frames) for place in where)
    return Built(form, len(kept), frames, len(build.places), skipped, build.left_out, unused)
