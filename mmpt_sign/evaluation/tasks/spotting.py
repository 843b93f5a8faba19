"""Finding a sign in a long clip: clips of the split joined end to end, one of them looked for by its prompt.

What: each target is put at a random place among clips of other answers; the best span counts as found if it overlaps
the true one by half (intersection over union).  ``chance`` is the share of windows that would count.
Needs: a model with ``embed_poses``, ``embed_texts`` and ``score``; clips that share their points.
Reference: `mmpt_sign.evaluation.spotting`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field, PositiveFloat

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.plots import Line, curves, draw
from mmpt_sign.evaluation.spotting import Scored, intersection_over_union, joined, scored
from mmpt_sign.evaluation.tasks._task import Task
from mmpt_sign.files import write_csv

if TYPE_CHECKING:
    from mmpt_sign.poses.clip import Clip
    from mmpt_sign.records import Record

HALF = 0.5
LISTED = 5
ROWS = ("query_id", "prompt", "start", "end", "found_start", "found_end", "overlap", "hit@1", f"hit@{LISTED}", "chance")


class Spotting(Task):
    """Which stretch of a long clip shows the sign that a prompt names."""

    name: Literal["spotting"] = "spotting"
    clips: int = Field(100, ge=1, description="long clips that are made, one target each")
    among: int = Field(9, ge=1, description="clips of other answers around the target")
    seconds: tuple[PositiveFloat, ...] = Field((0.5, 1.0, 2.0), min_length=1, description="lengths of the windows")
    stride: PositiveFloat = Field(0.2, description="seconds between two windows")
    against: bool = Field(False, description="rank windows by the margin over the prompts of the other clips")
    overlap: float = Field(0.2, ge=0, lt=1, description="more than this with a better span, and a span is dropped")
    seed: int = Field(0, ge=0)

    def judge(self, model: Any, records: Sequence[Record], folder: Path) -> dict[str, float]:
        """Write ``spotting.csv``, one row per long clip."""
        split = [record for record in records if record.split == self.split]
        if len({record.answer for record in split}) < 2:
            raise DataError(f"spotting: split '{self.split}' does not hold clips of two answers")
        rng = np.random.default_rng(self.seed)
        targets = rng.permutation(len(split))[: self.clips]
        rows = [self._trial(model, split, split[int(i)], rng) for i in targets]
        write_csv(folder / "spotting.csv", ROWS, rows)
        if self.plots:
            overlaps = np.array([row["overlap"] for row in rows])
            wanted = np.linspace(0, 1, 21)
            line: Line = (wanted.tolist(), [float(np.mean(overlaps >= w)) for w in wanted], None, None)
            draw(curves, folder / "spotting.png", {"best span": line}, "overlap of at least", "share", folder.name)
        names = {
            "hit@1": "hit@1",
            f"hit@{LISTED}": f"hit@{LISTED}",
            "overlap": "mean_overlap",
            "chance": "chance_hit@1",
        }
        return {told: float(np.mean([row[name] for row in rows])) for name, told in names.items()}

    def _trial(self, model: Any, split: Sequence[Record], target: Record, rng: np.random.Generator) -> dict[str, Any]:
        others = [record for record in split if record.answer != target.answer]
        chosen = [others[int(i)] for i in rng.permutation(len(others))[: self.among]]
        place = int(rng.integers(0, len(chosen) + 1))
        parts = [_clip(model, record) for record in [*chosen[:place], target, *chosen[place:]]]
        rivals = [record.texts[0] for record in chosen] if self.against else []
        found = scored(model, joined(parts), [target.texts[0], *rivals], self.seconds, self.stride)
        first = sum(map(len, parts[:place]))
        return {"query_id": target.id, "prompt": target.texts[0], **self._row(found, first, first + len(parts[place]))}

    def _row(self, found: Scored, first: int, behind: int) -> dict[str, Any]:
        true = np.array([first, behind])
        spans = found.spans(LISTED, self.overlap)
        places = np.array([(span.first_frame, span.last_frame + 1) for span in spans])
        overlaps = intersection_over_union(places, true)
        return {
            "start": first / found.fps,
            "end": behind / found.fps,
            "found_start": spans[0].start,
            "found_end": spans[0].end,
            "overlap": float(overlaps[0]),
            "hit@1": int(overlaps[0] >= HALF),
            f"hit@{LISTED}": int(overlaps.max() >= HALF),
            "chance": float(np.mean(intersection_over_union(found.windows, true) >= HALF)),
        }


def _clip(model: Any, record: Record) -> Clip:
    """What the model's first stream reads of a record."""
    from mmpt_sign.poses.arrays import read_source

    streams = getattr(getattr(model, "experiment", None), "streams", None) or {"": None}
    return read_source(record.source_of(next(iter(streams))))
