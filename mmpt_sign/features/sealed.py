"""JSON files that vouch for themselves, and files that are on the disk before their name is."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from mmpt_sign.errors import DataError
from mmpt_sign.files import complete

MAX_BYTES = 1 << 30


def write_settled(path: Path, data: bytes) -> None:
    """The bytes, complete or not at all, even if the power fails."""
    with complete(path) as fresh, fresh.open("wb") as file:
        file.write(data)
        settle(file)


def settle(file: Any) -> None:
    """Wait until what was written is on the disk."""
    file.flush()
    os.fsync(file.fileno())


def sealed(content: Any) -> bytes:
    """One JSON object that holds the content and its SHA-256."""
    body = json.dumps(content, indent=1)
    return f'{{"sha256": "{hashlib.sha256(body.encode()).hexdigest()}",\n"content": {body}}}\n'.encode()


def read_sealed(path: Path) -> dict[str, Any]:
    """The content of a sealed file; any change of a single byte is a `DataError`.

    What was parsed is written again and compared, so that not even a blank can differ unnoticed.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path}: larger than {MAX_BYTES >> 20} MiB, not written by this package")
        data = path.read_bytes()
        content = json.loads(data)["content"]
        intact = isinstance(content, dict) and sealed(content) == data
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise DataError(f"{path}: damaged, not readable as JSON ({str(error)[:100]})") from error
    if not intact:
        raise DataError(f"{path}: damaged, has changed since it was written")
    return dict(content)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
