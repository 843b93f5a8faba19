"""What has to be made of a corpus's videos before anything can be extracted from them, as items of an extraction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmpt_sign.datasets._corpus import Corpus
from mmpt_sign.datasets._table import Row
from mmpt_sign.datasets.how2sign import How2Sign
from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.extraction.item import Item
from mmpt_sign.features.pickles import read_pickle
from mmpt_sign.video.source import SUFFIXES
from mmpt_sign.video.span import Span
from mmpt_sign.video.stills import holds_stills

MAX_BOXES = 256 << 20
CARRIED = ("split", "text", "group", "signer", "gloss", "sign_language", "text_language")
Boxes = Mapping[str, str]


def how2sign_items(
    part: How2Sign, data_root: Path | None, videos: Path, boxes: Sequence[Path], splits: Sequence[str]
) -> list[Item]:
    """One item per sentence of the re-aligned tables whose recording is there, as ``SPLIT/VIDEO_NAME_clipK.mp4``.

    With ``boxes`` (CiCo's pickles) a sentence without a box is left out, as there.
    """
    recordings = {path.stem: path for path in sorted(videos.rglob("*")) if path.suffix.lower() in SUFFIXES}
    if not recordings:
        raise DataError(f"{videos}: {'holds no videos' if videos.is_dir() else 'there is no such folder'}")
    frames = {name: box for path in boxes for name, box in read_boxes(path).items()}
    known: list[Item] = []
    for table in part.tables(part.place(data_root)):
        rows = [row for row in part.rows(table) if row["split"] in splits]
        known += [
            _sentence(row, part, recordings[row["VIDEO_NAME"]], frames.get(row["id"], ""))
            for row in rows
            if row["VIDEO_NAME"] in recordings and (not boxes or row["id"] in frames)
        ]
    if not known:
        raise DataError(
            f"{videos}: none of its {len(recordings)} videos (such as {next(iter(recordings))}) has a sentence in the "
            f"tables of {', '.join(splits)}" + (" with a box" if boxes else "")
        )
    return known


def read_boxes(path: Path) -> Boxes:
    """``x y width height`` of every clip, from a pickle ``{"NAME_clip0.mp4": {"x1": …, "y1": …, "w": …, "h": …}}``."""
    content = read_pickle(path, MAX_BOXES)
    try:
        return {
            str(name).removesuffix(".mp4"): " ".join(str(int(box[key])) for key in ("x1", "y1", "w", "h"))
            for name, box in dict(content).items()
            if min(int(box["x1"]), int(box["y1"])) >= 0
        }
    except (TypeError, KeyError, ValueError) as error:
        raise DataError(f"{path}: is no dictionary of boxes with x1, y1, w and h ({error!r})") from error


def _sentence(row: Row, part: How2Sign, video: Path, box: str) -> Item:
    start, end = (row.decimal(f"{edge}_REALIGNED") or 0.0 for edge in ("START", "END"))
    columns = {**_carried(part, row), **({"box": box} if box else {})}
    try:
        return Item(row["id"], video, f"{row['split']}/{row['id']}.mp4", Span(start, end), columns)
    except DataError as error:
        raise DataError(f"row {row.number}: {error}") from error


def gathered_items(part: Corpus, data_root: Path | None, folder: Path, *, with_tables: bool) -> list[Item]:
    """One item per folder of pictures below ``folder``, as ``SPLIT/VIDEO.mp4``.

    The split is that of the corpus's tables where they are read, which also give texts and signers; else the name of
    the folder above the pictures.
    """
    found = _folders(folder)
    rows: dict[str, Row] = {}
    if with_tables:
        tables = part.tables(part.place(data_root))
        rows = {row["id"]: row for table in tables for row in part.rows(table)}
    items = []
    for place in found:
        row, above = rows.get(place.name), place.parent.name if place.parent != folder else ""
        if rows and row is None:
            continue
        split = row["part"] or row["split"] if row is not None else above
        columns = _carried(part, row) if row is not None else {"split": split}
        items.append(Item(place.name, place, "/".join(filter(None, (split, f"{place.name}.mp4"))), columns=columns))
    if not items:
        raise ConfigError(
            f"{folder}: none of its {len(found)} folders of pictures is in the tables of {part.part_name}"
        )
    return sorted(items, key=lambda item: item.target)


def _folders(folder: Path) -> list[Path]:
    """Folders that hold pictures; one that does is not searched further."""
    if not folder.is_dir():
        raise DataError(f"{folder}: there is no such folder")
    found: list[Path] = []
    waiting = [folder]
    while waiting:
        place = waiting.pop()
        if holds_stills(place):
            found.append(place)
        else:
            waiting += sorted(path for path in place.iterdir() if path.is_dir() and not path.name.startswith("."))
    if not found:
        raise DataError(f"{folder}: no folder of pictures is below it")
    return found


def _carried(part: Any, row: Row) -> dict[str, str]:
    """What the index table of the videos says of them, so that every later step knows it."""
    usual = {"sign_language": part.sign_language or "", "text_language": part.text_language}
    return {name: value for name in CARRIED if (value := row[name] or usual.get(name, ""))}
