"""What a build has to do: which form its clips have, which are packed already, which are to be packed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence, Set
from pathlib import Path
from typing import Literal

from mmpt_sign.errors import DataError
from mmpt_sign.features.block import Form
from mmpt_sign.features.index import Index, read_index
from mmpt_sign.features.manifest import MANIFEST, Manifest
from mmpt_sign.features.packing import Job
from mmpt_sign.features.shard import Place, Shard
from mmpt_sign.poses.clip import Clip, Layout
from mmpt_sign.poses.select import point_names
from mmpt_sign.records import Record, Source

Changed = Literal["stop", "rebuild", "keep"]
Others = Literal["stop", "drop", "keep"]
NAMED = 10


def source_fingerprint(record: Record) -> str:
    """Size and time of the source file and which part of it is meant; nothing where the file is not there."""
    return _fingerprint(record.source)


def _fingerprint(source: Source) -> str:
    if source.made is not None:
        marks = [_fingerprint(one) for one in dict.fromkeys(source.made.sources)]
        return hashlib.sha256(repr((source.made, marks)).encode()).hexdigest()[:16]
    try:
        found = (source.path / MANIFEST if source.path.is_dir() else source.path).stat()
    except OSError:
        return ""
    part = (source.start, source.end, source.member, source.item, source.layout, source.fps)
    return hashlib.sha256(repr((found.st_size, found.st_mtime_ns, *part)).encode()).hexdigest()[:16]


def form_of(
    before: Manifest | None,
    records: Sequence[Record],
    read: Callable[[Record], Clip],
    points: Sequence[str] | None,
    dims: int | None,
    max_skipped: float,
) -> Form:
    """Points and dimensions: those of the store as it is, else as asked for, else those of the first readable clip."""
    if before is None:
        first = _first_readable(records, read, max_skipped)
        names = first.layout.points if points is None else point_names(points, first.layout)
        return Form.of(names, dims or first.data.shape[-1])
    form = before.form
    asked = form.points if points is None else point_names(points, Layout(form.points))
    if asked != form.points or dims not in (None, form.dims):
        raise DataError(f"the store holds {form}; other points or dimensions need a store of their own")
    return form


def _first_readable(records: Sequence[Record], read: Callable[[Record], Clip], max_skipped: float) -> Clip:
    skipped: dict[str, str] = {}
    for record in records:
        try:
            return read(record)
        except (DataError, OSError) as error:
            skipped[record.id] = str(error)
            check_share(skipped, len(records), max_skipped)
    raise DataError([f"none of the {len(records)} clips can be read:", *listed(skipped)])


def plan(
    records: Sequence[Record],
    stock: Sequence[Shard],
    fingerprint: Callable[[Record], str],
    changed: Changed,
    folder: Path,
) -> tuple[dict[str, Place], list[Job]]:
    """Where clips are that need no packing, and the records that do, in order.

    A clip whose source is gone is kept: a store outlives the corpus it was made from.
    """
    known: dict[str, list[Place]] = {}
    for shard in stock:
        for name, place in shard.clips:
            known.setdefault(name, []).append(place)
    places, jobs, differing = {}, [], []
    for record in records:
        mark, had = fingerprint(record), known.get(record.id, [])
        same = [place for place in had if place.fingerprint == mark] or (had if had and not mark else [])
        if had and not same:
            differing.append(record.id)
            same = had if changed == "keep" else []
        if same:
            places[record.id] = same[-1]
        else:
            jobs.append((record, mark))
    if differing and changed == "stop":
        raise DataError(
            f"{folder}: the sources of {len(differing)} clips have changed since they were packed: {some(differing)}; "
            "build with --rebuild to pack them anew, or with --keep to leave them as they are"
        )
    return places, jobs


def places_beside(
    folder: Path, before: Manifest | None, records: Sequence[Record], stock: Sequence[Shard], others: Others
) -> list[tuple[Record, Place]]:
    """Clips of the store that stay although they are not among the records.

    They may have been work of hours, so they go only where that was asked for.
    """
    if others == "drop":
        return []
    given = {record.id for record in records}
    index = _index(folder, before)
    held = list(dict.fromkeys(name for shard in stock for name, _ in shard.clips)) if index is None else index.ids
    rest = [name for name in held if name not in given]
    if not rest:
        return []
    if before is None or index is None or others == "stop":
        raise DataError(
            f"{folder}: {len(rest)} of its {len(held)} clips are not among the {len(records)} given now and would be "
            f"lost: {some(rest)}; build with --drop to let them go, or choose another folder"
        )
    return _places(folder, before, index, stock, set(rest))


def _index(folder: Path, before: Manifest | None) -> Index | None:
    """None where there is none that can be used: what the shards say about themselves must do then."""
    if before is None:
        return None
    try:
        index = read_index(folder / before.index, before.files[before.index][1])
        index.check(before, before.form)
    except DataError:
        return None
    return index


def _places(
    folder: Path, before: Manifest, index: Index, stock: Sequence[Shard], names: Set[str]
) -> list[tuple[Record, Place]]:
    at = {(place.shard, place.offset): place for shard in stock for _, place in shard.clips}
    rows = [(before.shards[shard], int(offset)) for shard, offset in zip(index.shard, index.offset, strict=True)]
    found = [(record, at.get(row)) for record, row in zip(index.records(folder), rows, strict=True)]
    lost = [record.id for record, place in found if place is None and record.id in names]
    if lost:
        raise DataError(
            f"{folder}: {len(lost)} of its clips are gone with their shard: {some(lost)}; give their sources as well, "
            "or build with --drop to let all go that are not given"
        )
    return [(record, place) for record, place in found if place is not None and record.id in names]


def check_share(skipped: Mapping[str, str], records: int, most: float) -> None:
    """`DataError` where more clips are unusable than a data set may have."""
    if len(skipped) > most * records:
        raise DataError(
            [
                f"{len(skipped)} of {records} clips cannot be used, more than {most:.0%} (--max-skipped):",
                *listed(skipped),
            ]
        )


def listed(skipped: Mapping[str, str]) -> list[str]:
    """The first records that were left out, one per line."""
    return [f"  {name}: {reason}" for name, reason in list(skipped.items())[:NAMED]]


def some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
