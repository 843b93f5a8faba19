"""Lists of classes: the names behind the numbers of a classifier."""

from __future__ import annotations

from pathlib import Path

from mmpt_sign.errors import DataError

MAX_CLASSES = 1 << 20


def read_classes(path: Path, count: int | None = None) -> list[str]:
    """The names of the classes: one per line, with or without its number in front, as CiCo's ``class.txt`` has it."""
    try:
        if path.stat().st_size > MAX_CLASSES * 64:
            raise DataError(f"{path}: too large for a list of classes")
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read as a list of classes ({error})") from error
    if not lines or (count is not None and len(lines) != count):
        raise DataError(f"{path}: names {len(lines)} classes" + (f", the checkpoint {count}" if count else ""))
    parts = [line.split(maxsplit=1) for line in lines]
    numbered = all(len(part) == 2 and part[0].isdigit() and int(part[0]) == n for n, part in enumerate(parts))
    return [part[1] for part in parts] if numbered else lines
