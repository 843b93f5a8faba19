"""One run folder: its experiment, seed, notes, size and time, told by files that may be unfinished."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

MOST_HEADER_BYTES = 64 << 20


@dataclass(frozen=True)
class Run:
    """A folder that a training or predict job wrote."""

    folder: Path
    experiment: str
    seed_folder: str

    @cached_property
    def config(self) -> dict[str, Any]:
        """The resolved experiment; an imported model has none, and that of a killed run may be cut off."""
        try:
            found = json.loads((self.folder / "experiment.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            found = _yaml(self.folder / "config.yaml")
        return found if isinstance(found, dict) else {}

    @property
    def seed(self) -> str:
        """By the folder's name, else by the experiment."""
        return self.seed_folder or str(self.config.get("seed", ""))

    @property
    def notes(self) -> str:
        """What the experiment says of itself."""
        return str(self.config.get("notes") or "")

    @property
    def parameters(self) -> int | None:
        """Numbers in the model, from the header of its weights."""
        try:
            with (self.folder / "model" / "model.safetensors").open("rb") as file:
                size = int.from_bytes(file.read(8), "little")
                header = json.loads(file.read(size)) if size <= MOST_HEADER_BYTES else {}
            return sum(_product(entry["shape"]) for name, entry in header.items() if name != "__metadata__")
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    @property
    def journal(self) -> list[dict[str, Any]]:
        """The lines of ``train.jsonl``; one that a kill cut off is left out."""
        try:
            lines = (self.folder / "train.jsonl").read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
        return [entry for entry in map(_json, lines) if isinstance(entry, dict) and "update" in entry]

    @property
    def hours(self) -> float | None:
        """How long its updates took, from the speed of the logged ones."""
        seconds, before = 0.0, 0.0
        try:
            for entry in self.journal:
                if entry.get("examples_per_s"):
                    seconds += (entry["update"] - before) * entry["examples"] / entry["examples_per_s"]
                    before = entry["update"]
        except (KeyError, TypeError):
            return None
        return seconds / 3600 if seconds else None


def _yaml(path: Path) -> Any:
    import yaml

    try:
        return yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, ValueError, yaml.YAMLError):
        return None


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _product(shape: Sequence[int]) -> int:
    total = 1
    for size in shape:
        total *= int(size)
    return total
