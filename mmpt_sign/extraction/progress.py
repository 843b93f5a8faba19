"""How far a job is: a bar with rate and time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any, TextIO

from mmpt_sign.extraction.item import Outcome

EVERY = 30.0  # seconds between two plain lines


class Progress:
    """Counts outcomes and tells a stream about them; without a stream it only counts."""

    def __init__(self, stream: TextIO | None = None, *, every: float = EVERY) -> None:
        self.stream, self.every = stream, every
        self.made = self.skipped = self.frames = self.remarks = self.total = self.kept = 0
        self._bar: Any = None
        self._began = self._told = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def begin(self, total: int, kept: int) -> None:
        """``kept`` of the ``total`` items are finished already."""
        self.total, self.kept = total, kept
        self._began = self._told = time.monotonic()
        if self.stream is not None and self.stream.isatty():
            from tqdm import tqdm

            self._bar = tqdm(
                total=total, initial=kept, unit="clip", file=self.stream, dynamic_ncols=True, smoothing=0.1
            )
        elif self.stream is not None and kept < total:
            self.stream.write(f"{total} clips, {kept} of them finished or skipped before\n")

    def step(self, outcome: Outcome) -> None:
        """One more item has ended."""
        if outcome.made is None:
            self.skipped += 1
        else:
            self.made += 1
            self.frames += outcome.made.frames
            self.remarks += bool(outcome.made.remarks)
        if self._bar is not None:
            self._bar.set_postfix_str(f"{self.frames / max(self.seconds, 1e-9):.1f} frames/s, {self.skipped} skipped")
            self._bar.update()
        elif self.stream is not None and time.monotonic() - self._told >= self.every:
            self._told = time.monotonic()
            self.stream.write(f"{self.line()}\n")
            self.stream.flush()

    def line(self) -> str:
        """Where the job is, in one line."""
        ended = self.made + self.skipped
        left = self.total - self.kept - ended
        parts = [f"{self.kept + ended}/{self.total} clips", f"{self.skipped} skipped"]
        parts.append(f"{self.frames / max(self.seconds, 1e-9):.1f} frames/s")
        if left and ended:
            parts.append(f"{timedelta(seconds=round(self.seconds / ended * left))} left")
        return ", ".join(parts)

    def end(self) -> None:
        """Leave the terminal tidy."""
        if self._bar is not None:
            self._bar.close()
