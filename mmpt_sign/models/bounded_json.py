"""JSON of a folder that anybody may have made: bounded, and an object, before any of it is believed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mmpt_sign.errors import CheckpointError


def read_object(path: Path, most: int, what: str) -> dict[str, Any]:
    """The object in a file of at most ``most`` bytes, which is to be ``what``."""
    try:
        if path.stat().st_size > most:
            raise CheckpointError(f"{path}: larger than {most} bytes, not {what}")
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: not readable as {what} ({error})") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path}: holds a {type(content).__name__}, not {what}")
    return content
