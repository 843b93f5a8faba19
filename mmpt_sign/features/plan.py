"""What a build has to do: which form its clips have, which are packed already, which are to be packed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

from mmpt_sign.errors import DataError
from mmpt_sign.features.block import Form
from mmpt_sign.features.manifest import MANIFEST, Manifest
from mmpt_sign.features.packing import Job
from mmpt_sign.features.shard import Place, Shard
from mmpt_sign.poses.clip import Clip, Layout
from mmpt_sign.poses.select import point_names
from mmpt_sign.records import Record, Source

Changed = Literal["stop", "rebuild", "keep"]
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
