"""``skipped.csv``: the records whose clips could not be read, for people; the manifest holds the same list."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from mmpt_sign.features.sealed import write_settled

SKIPPED = "skipped.csv"


def write_skipped(folder: Path, skipped: Mapping[str, str]) -> None:
    """The list, or no file where nothing was skipped."""
    if skipped:
        write_settled(folder / SKIPPED, _text(skipped))
    else:
        (folder / SKIPPED).unlink(missing_ok=True)


def skipped_differ(folder: Path, skipped: Mapping[str, str]) -> list[str]:
    """What is wrong with the list, nothing if it is as it was written."""
    path = folder / SKIPPED
    expected = _text(skipped) if skipped else b""
    found = path.read_bytes() if path.is_file() else b""
    same = found == expected and path.exists() == bool(skipped)
    return [] if same else [f"{path}: is not the list that the manifest holds; the same build writes it again"]


def _text(skipped: Mapping[str, str]) -> bytes:
    text = StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("id", "reason"))
    writer.writerows(skipped.items())
    return text.getvalue().encode("utf-8", "backslashreplace")
