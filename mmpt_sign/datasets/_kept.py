"""What remains of the listed clips: those that are there, of allowed texts, and not too long."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mmpt_sign.datasets._place import contents
from mmpt_sign.errors import DataError

if TYPE_CHECKING:
    from mmpt_sign.datasets._table_set import TableSet
    from mmpt_sign.records import Record

Absent = Literal["error", "skip", "ignore"]
SHOWN = 3


def kept(dataset: TableSet, records: Sequence[Record], data_root: Path | None) -> Sequence[Record]:
    """The records of ``dataset`` that its options leave."""
    if dataset.vocabulary is not None:
        allowed = dataset.vocabulary.texts(data_root)
        records = [record for record in records if record.extra["text"] in allowed]
        if not records:
            raise DataError(f"data set '{dataset.part_name}': no clip has a text of the vocabulary")
    if dataset.without:
        records = _without(dataset.part_name, records, dataset.without)
    if dataset.absent != "ignore":
        records = _present(dataset.part_name, records, dataset.absent)
    if dataset.drop_longer_than is not None:
        records = [record for record in records if _fits(record, dataset.drop_longer_than)]
    return records


def _without(name: str, records: Sequence[Record], texts: Sequence[str]) -> Sequence[Record]:
    unknown = sorted(set(texts) - {record.extra["text"] for record in records})
    if unknown:
        raise DataError(f"data set '{name}': without: no clip has the text {', '.join(unknown)}")
    return [record for record in records if record.extra["text"] not in texts]


def missing(records: Sequence[Record]) -> dict[str, Path]:
    """Id and file of the records that lack one; every folder is listed once, because a corpus has up to a million."""
    names: dict[Path, frozenset[str]] = {}
    found: dict[str, Path] = {}
    for record in records:
        for source in (record.source, *record.sources.values()):
            if source is None or source.made is not None:
                continue
            folder = source.path.parent
            if folder not in names:
                names[folder] = _names(folder)
            if source.path.name not in names[folder]:
                found.setdefault(record.id, source.path)
    return found


def _names(folder: Path) -> frozenset[str]:
    try:
        return frozenset(os.listdir(folder))
    except OSError:
        return frozenset()


def _present(name: str, records: Sequence[Record], absent: Absent) -> Sequence[Record]:
    gone = missing(records)
    if not gone:
        return records
    if absent == "error" or len(gone) == len(records):
        skip = "; `absent: skip` goes on without them" if len(gone) < len(records) else ""
        ways_out = f"{skip}; `absent: ignore` if every stream reads a store"
        raise DataError(absent_clips(name, list(gone.values()), len(records), ways_out))
    return [record for record in records if record.id not in gone]


def absent_clips(name: str, paths: Sequence[Path], listed: int, ways_out: str = "") -> str:
    """The one message about clips that are listed but not there: what was looked for, what there is, what helps."""
    looked = ", ".join(map(str, paths[:SHOWN])) + (f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else "")
    folder = paths[0].parent
    state = f"{folder} holds {contents(folder)}" if folder.is_dir() else f"there is no folder {folder}"
    videos = next((up / "videos" for up in paths[0].parents[:4] if (up / "videos").is_dir()), None)
    estimate = f"; {videos} holds videos, of which `mmpt-sign extract poses` makes poses" if videos else ""
    return (
        f"data set '{name}': {len(paths)} of the {listed} listed clips are not there: looked for {looked}; {state}; "
        f"docs/data/{name}.md says how to get them{estimate}{ways_out}"
    )


def _fits(record: Record, bound: int) -> bool:
    """Whether a clip has 1 to ``bound`` frames; one that cannot be read is reported where it is read, not here."""
    from mmpt_sign.poses.arrays import read_source
    from mmpt_sign.poses.read import frame_count

    source = record.source
    try:
        if record.frames is not None:
            count = record.frames
        elif source.path.suffix == ".pose":
            total = frame_count(source.path)
            count = min(total, total if source.end is None else source.end) - (source.start or 0)
        else:
            count = len(read_source(source))
    except DataError:
        return True
    return 0 < count <= bound
