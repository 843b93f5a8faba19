"""JSON tables of corpora, read with a bound."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mmpt_sign.errors import DataError

MAX_BYTES = 1 << 30


def read_json(path: Path) -> Any:
    """The content of a file; `DataError` if it is not there or no JSON."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path}: larger than {MAX_BYTES >> 20} MiB, not a table")
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path}: is not valid JSON ({error}); a download may have stopped half-way") from error
