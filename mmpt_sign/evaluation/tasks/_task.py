"""What every shipped evaluation offers: another data set, other stream options, a label, pictures, headline figures."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from mmpt_sign.config.contracts import Evaluation
from mmpt_sign.config.named import DatasetPart
from mmpt_sign.evaluation.report import FIGURES
from mmpt_sign.evaluation.variants import with_streams
from mmpt_sign.files import write_csv

if TYPE_CHECKING:
    from mmpt_sign.records import Record


class Task(Evaluation):
    """An evaluation with the options that all of them share."""

    dataset: DatasetPart | None = Field(None, description="judge on this data set instead of the experiment's own")
    label: str = Field("", pattern=r"^[\w.-]*$", description="ends the folder's name, to tell similar tasks apart")
    streams: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="stream options that differ here: {pose: {dominant: true}}"
    )
    plots: bool = Field(True, description="draw pictures beside the tables")

    def run(self, model: Any, records: Sequence[Record], folder: Path) -> dict[str, float]:
        """Judge the model and leave tables, pictures and ``figures.csv``, the headline figures, in ``folder``."""
        figures = self.judge(with_streams(model, self.streams), records, folder)
        if self.part_name != "retrieval":  # whose metrics.csv says all of it and more
            rows = ({"task": self.part_name, "figure": name, "value": value} for name, value in figures.items())
            write_csv(folder / FIGURES, ("task", "figure", "value"), rows)
        return figures

    @abstractmethod
    def judge(self, model: Any, records: Sequence[Record], folder: Path) -> dict[str, float]:
        """Write the task's own files and return the headline figures."""


def identity(model: Any, folder: Path, split: str) -> dict[str, str]:
    """What the numbers belong to: data set by the folder's name, similarity and checkpoint as the model tells them."""
    similarity: Mapping[str, Any] = getattr(getattr(model, "experiment", None), "similarity", None) or {}
    notes = getattr(model, "notes", None) or {}
    return {
        "dataset": folder.name.partition(f"_{split}")[0],
        "similarity": "+".join(str(part.name) for part in similarity.values()),
        "checkpoint": str(notes.get("fingerprint", "")),
    }
