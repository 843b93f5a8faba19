"""Which frames answer which word, scored against the true frames of the words.

What: the span that the model finds for each word beside the true one (intersection over union; does its middle lie
within), and of every frame of a known word whether that word gets most of its attention.  Beside them what needs no
model: words spread evenly over the clip in the order of the sentence, and picking a word at random.
Needs: a model that compares tokens; records whose ``extra`` has ``spans``, as made and stitched sentences do.
Reference: `mmpt_sign.inference.alignment`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import Field

from mmpt_sign.datasets._word_spans import word_spans
from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.alignment import draw_alignment, evenly, frames_answered, matched, overlap, summary
from mmpt_sign.evaluation.plots import draw
from mmpt_sign.evaluation.tasks._task import Task
from mmpt_sign.files import write_csv

if TYPE_CHECKING:
    from mmpt_sign.inference.alignment import Alignment
    from mmpt_sign.records import Record

COLUMNS = (
    *("query_id", "word", "first_frame", "last_frame", "found_first", "found_last", "overlap", "pointed"),
    *("score", "even_overlap"),
)
SHOWN = 6


class WordAlignment(Task):
    """Spans of words against the truth."""

    name: Literal["alignment"] = "alignment"
    clips: int = Field(500, ge=1, description="clips that are looked at, spread over the split")

    def judge(self, model: Any, records: Sequence[Record], folder: Path) -> dict[str, float]:
        """Write ``alignment.csv``, one row per word, and pictures of some clips."""
        known = [record for record in records if record.split == self.split and word_spans(record)]
        if not known:
            raise DataError(
                f"alignment: no record of split '{self.split}' knows the frames of its words (extra: spans)"
            )
        chosen = [known[i] for i in np.linspace(0, len(known) - 1, min(self.clips, len(known))).astype(int)]
        rows, answered, guesses = list[dict[str, Any]](), [np.zeros(0, bool)], list[float]()
        for number, record in enumerate(chosen):
            alignment = model.align_record(record)
            true = [(span.word, span.start, span.end) for span in word_spans(record)]
            pairs = matched(alignment.words, true)
            rows += _rows(record, alignment, true, pairs)
            answered.append(frames_answered(alignment, true, pairs))
            guesses += [1 / len(alignment.words)] * len(answered[-1])
            if self.plots and number < SHOWN:
                draw(draw_alignment, folder / f"alignment_{number + 1}.png", alignment, true, record.texts[0])
        write_csv(folder / "alignment.csv", COLUMNS, rows)
        return summary(rows, np.concatenate(answered), float(np.mean(guesses)) if guesses else float("nan"))


def _rows(
    record: Record, alignment: Alignment, true: Sequence[tuple[str, int, int]], pairs: Sequence[tuple[int, int]]
) -> list[dict[str, Any]]:
    spans, rows = alignment.spans, []
    for row, place in pairs:
        word, first, behind = true[place]
        found = spans[row]
        middle = (found.first_frame + found.last_frame + 1) / 2
        even = evenly(len(alignment.words), row, alignment.frames)
        rows.append({
            "query_id": record.id,
            "word": word,
            "first_frame": first,
            "last_frame": behind - 1,
            "found_first": found.first_frame,
            "found_last": found.last_frame,
            "overlap": overlap((found.first_frame, found.last_frame + 1), (first, behind)),
            "pointed": int(first <= middle <= behind),
            "score": found.score,
            "even_overlap": overlap(even, (first, behind)),
        })  # fmt: skip
    return rows
