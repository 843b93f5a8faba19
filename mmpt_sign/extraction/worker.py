"""What happens inside a worker, on whatever machine: one item after the other, each file complete or absent."""

from __future__ import annotations

import os
import traceback
import uuid
from dataclasses import dataclass
from pathlib import Path

from mmpt_sign.errors import MmptSignError
from mmpt_sign.extraction.item import Extractor, Item, Make, Outcome
from mmpt_sign.extraction.signature import signature, stamp

PARTIAL = ".partial"  # folder of unfinished files inside the output folder: the same file system, so a rename is atomic


@dataclass(frozen=True)
class Ready:
    """A worker has started."""


@dataclass(frozen=True)
class Unready:
    """A worker cannot start, and no other one could: the job ends with this reason."""

    reason: str


def started(extractor: Extractor) -> Make | Unready:
    """The extractor's function, or why there is none."""
    try:
        return extractor.start()
    except MmptSignError as error:
        return Unready(str(error))
    except Exception:  # noqa: BLE001  (whatever a library raises while loading ends the job with that trace)
        return Unready(f"a worker failed while it started:\n{traceback.format_exc()}")


def perform(make: Make, item: Item, folder: Path) -> Outcome:
    """Make one file beside its place and rename it there; whatever goes wrong is the item's outcome."""
    target = folder / item.target
    partial = folder / PARTIAL / f"{uuid.uuid4().hex}{target.suffix}"
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        marks = signature(item.source), stamp(item.source)
        made = make(item, partial)
        size = _landed(partial, target)
    except MmptSignError as error:
        return Outcome(item, reason=str(error))
    except OSError as error:
        return Outcome(item, reason=f"{error.filename or item.source}: {error.strerror or error}")
    except Exception as error:  # noqa: BLE001  (one item never stops the job; a bug shows as the place it comes from)
        return Outcome(item, reason=f"{type(error).__name__}: {error} ({_place(error)})")
    finally:
        partial.unlink(missing_ok=True)
    return Outcome(item, made, "", *marks, size)


def _landed(partial: Path, target: Path) -> int:
    """Rename once every byte is on the disk; the size of the file."""
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    size = partial.stat().st_size
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(partial, target)
    return size


def _place(error: BaseException) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
