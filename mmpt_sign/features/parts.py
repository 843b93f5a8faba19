"""The table that an extraction leaves beside its files, as records whose clips go into a store."""

from __future__ import annotations

from pathlib import Path

from mmpt_sign.files import read_csv
from mmpt_sign.records import Record, Source

USED = {"id", "path", "frames", "fps", "split", "text", "signer", "sign_language", "text_language", "group"}


def records_of_parts(folder: Path) -> list[Record]:
    """One record per finished file, with all that the table of the videos said."""
    return [_record(folder, row) for row in read_csv(folder / "index.csv")]


def _record(folder: Path, row: dict[str, str]) -> Record:
    def said(column: str) -> str:
        return row.get(column) or ""

    return Record(
        id=row["id"],
        split=said("split"),
        texts=(row["text"],) if said("text") else (),
        source=Source(folder / row["path"], fps=float(row["fps"])),
        signer=said("signer"),
        sign_language=said("sign_language"),
        text_language=said("text_language"),
        group=said("group"),
        frames=int(row["frames"]),
        extra={key: value for key, value in row.items() if key not in USED and value},
    )
