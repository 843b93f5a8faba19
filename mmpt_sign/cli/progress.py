"""How far a long command is: a bar on a terminal, now and then a line anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer

SECONDS = 10.0  # between two lines


class Progress:
    """Told how many of how many are done, and how many of these were skipped; says rate and time left."""

    def __init__(self, doing: str, unit: str) -> None:
        self._doing, self._unit = doing, unit
        self._bar: Any = None
        self._begun = self._said = time.monotonic()
        self._first: int | None = None

    def __call__(self, done: int, total: int, skipped: int = 0) -> None:
        """Note the state, and show it if it is time."""
        if self._first is None:
            self._first = done - 1
            self._open(total)
        if self._bar is not None:
            if skipped:
                self._bar.set_postfix(skipped=skipped, refresh=False)
            self._bar.update(done - self._bar.n)
        elif time.monotonic() - self._said >= SECONDS:
            self._said = time.monotonic()
            typer.echo(self._line(done, total, skipped), err=True)

    def close(self) -> None:
        """Leave the terminal as it should be."""
        if self._bar is not None:
            self._bar.close()

    def _open(self, total: int) -> None:
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(
                total=total, initial=self._first or 0, unit=self._unit, desc=self._doing, file=sys.stderr, smoothing=0.1
            )

    def _line(self, done: int, total: int, skipped: int) -> str:
        rate = (done - (self._first or 0)) / max(time.monotonic() - self._begun, 1e-9)
        left = time.strftime("%H:%M:%S", time.gmtime((total - done) / max(rate, 1e-9)))
        more = f", {skipped} skipped" if skipped else ""
        return f"{self._doing}: {done} of {total} {self._unit}s, {rate:.1f} per second, {left} left{more}"


@contextmanager
def progress(doing: str, unit: str) -> Iterator[Progress]:
    """A progress that is closed whatever happens."""
    shown = Progress(doing, unit)
    try:
        yield shown
    finally:
        shown.close()
