"""A worker that does what the name of its source says, so that tests can break it at will."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from mmpt_sign.errors import DataError, NotInstalledError
from mmpt_sign.extraction.item import Extractor, Item, Made, Make


@dataclass(frozen=True)
class Copy(Extractor):
    """Upper-cases a text file.  ``crash``, ``hang``, ``raise`` or ``once`` in its name make it misbehave."""

    suffix: ClassVar[str] = ".txt"

    seconds: float = 0.0
    flavour: str = "plain"
    start_fails: str = ""

    def options(self) -> dict[str, Any]:
        return {"extractor": "copy", "flavour": self.flavour}

    def start(self) -> Make:
        if self.start_fails == "sentence":
            raise NotInstalledError("a library", "pose")
        if self.start_fails == "death":
            os._exit(7)
        return self._make

    def _make(self, item: Item, path: Path) -> Made:
        name = item.source.name
        text = item.source.read_text()
        path.write_text(text[:1])  # so that whatever happens now, happens in the middle of a file
        if "crash" in name:
            os.write(2, b"about to crash\n")
            os.kill(os.getpid(), signal.SIGSEGV)
        if "once" in name and not (item.source.parent / f"{name}.tried").exists():
            (item.source.parent / f"{name}.tried").touch()
            os._exit(3)
        if "hang" in name:
            time.sleep(600)
        if "raise" in name:
            raise DataError("no good")
        if "bug" in name:
            raise ZeroDivisionError("oops")
        time.sleep(self.seconds)
        path.write_text(text.upper())
        return Made(len(text), "odd" if "odd" in name else "", {"worker": str(os.getpid())})


def sources(folder: Path, *names: str) -> list[Item]:
    """A source per name, and its item."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text(f"text of {name}")
    return [Item(name, folder / name, f"{name}.txt") for name in names]


def results(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in sorted(folder.glob("*.txt"))}
