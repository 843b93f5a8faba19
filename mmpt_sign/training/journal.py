"""What a run tells while it trains: ``train.jsonl``, TensorBoard, and a progress bar or plain lines."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from mmpt_sign.files import write_text


class Journal:
    """One line per logged step and per look at the selecting split, on the first process only."""

    def __init__(self, folder: Path, total_updates: int, active: bool) -> None:
        self.path = folder / "train.jsonl"
        self.total = total_updates
        self.active = active
        self._board: Any = None
        self._bar: Any = None
        self._since = time.monotonic()
        self._examples = 0
        self._tokens = 0

    def open(self, updates: int) -> None:
        """Start after ``updates`` updates: lines of steps that were lost with a killed run are removed."""
        if not self.active:
            return
        if self.path.exists():
            lines = self.path.read_text(encoding="utf-8").splitlines()
            write_text(self.path, "".join(f"{line}\n" for line in lines if _update_of(line) <= updates))
        self._board = _tensorboard(self.path.parent / "tensorboard", updates)
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=self.total, initial=updates, unit="step", desc="training", file=sys.stderr)
        self._since = time.monotonic()

    def count(self, figures: dict[str, Any]) -> None:
        """Add one update's examples and tokens to the running speed, and move the bar."""
        self._examples += int(figures.get("examples", 0))
        self._tokens += int(figures.get("tokens", 0))
        if self._bar is not None:
            self._bar.set_postfix(loss=f"{float(figures.get('loss', 0.0)):.3f}", refresh=False)
            self._bar.update(1)

    def step(self, update: int, epoch: int, figures: dict[str, Any]) -> None:
        """Write the figures of a logged update with the speed since the last one."""
        elapsed = max(time.monotonic() - self._since, 1e-9)
        speed = {
            "examples_per_s": round(self._examples / elapsed, 2),
            "tokens_per_s": round(self._tokens / elapsed, 1),
            "peak_memory_mb": _peak_memory_mb(),
        }
        self._examples = self._tokens = 0
        self._since = time.monotonic()
        self._write({"update": update, "epoch": epoch, **figures, **speed})
        if self.active and self._bar is None:
            self._say(f"update {update}/{self.total}  loss {float(figures.get('loss', 0.0)):.4f}")

    def look(self, update: int, epoch: int, figures: dict[str, float], best: bool) -> None:
        """Write the figures of a look at the selecting split."""
        self._write({"update": update, "epoch": epoch, **{f"valid/{key}": value for key, value in figures.items()}})
        if self.active:
            shown = "  ".join(f"{key} {value:.3f}" for key, value in figures.items())
            self._say(f"epoch {epoch}  valid {shown}{'  (best so far)' if best else ''}")

    def close(self) -> None:
        """End the bar and flush."""
        if self._bar is not None:
            self._bar.close()
        if self._board is not None:
            self._board.close()

    def _say(self, line: str) -> None:
        if self._bar is not None:
            self._bar.write(line, file=sys.stderr)
        else:
            sys.stderr.write(line + "\n")
            sys.stderr.flush()

    def _write(self, entry: dict[str, Any]) -> None:
        if not self.active:
            return
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({key: _plain(value) for key, value in entry.items()}) + "\n")
        if self._board is not None:
            for key, value in entry.items():
                if isinstance(value, int | float):
                    self._board.add_scalar(key, value, entry["update"])


def _plain(value: Any) -> Any:
    return round(float(value), 9) if hasattr(value, "item") or isinstance(value, float) else value


def _update_of(line: str) -> int:
    try:
        return int(json.loads(line)["update"])
    except (ValueError, KeyError, TypeError):
        return sys.maxsize


def _tensorboard(folder: Path, updates: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=updates + 1)


def _peak_memory_mb() -> float:
    import torch

    if torch.cuda.is_available():
        return round(torch.cuda.max_memory_allocated() / 2**20, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
