"""Which source a file was made from, told by its content, so that moved and copied data sets stay finished."""

from __future__ import annotations

import hashlib
from pathlib import Path

ENDS = 1 << 16


def signature(source: Path) -> str:
    """Size and a digest of the beginning and end of a file; names and sizes of the files of a folder."""
    digest = hashlib.sha256()
    if source.is_dir():
        files = sorted((path.name, path.stat().st_size) for path in source.iterdir() if path.is_file())
        digest.update(repr(files).encode())
        return f"{len(files)}-{digest.hexdigest()[:16]}"
    size = source.stat().st_size
    with source.open("rb") as file:
        digest.update(file.read(ENDS))
        if size > ENDS:
            file.seek(max(ENDS, size - ENDS))
            digest.update(file.read(ENDS))
    return f"{size}-{digest.hexdigest()[:16]}"


def stamp(source: Path) -> str:
    """Size and time of change: where these are the same, the content need not be read; folders have none."""
    if source.is_dir():
        return ""
    status = source.stat()
    return f"{status.st_size}-{status.st_mtime_ns}"
