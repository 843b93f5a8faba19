"""How the jobs of a sweep ended, as one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

if TYPE_CHECKING:
    from mmpt_sign.launch.sweep import Step

FIGURES = ("video_to_text R@1", "text_to_video R@1")


def summary_table(steps: Sequence[Step]) -> Table:
    """One line per job, with the headline figures of those that measured some."""
    table = Table("experiment", "seed", "job", "state", "minutes", *FIGURES, title="sweep")
    for step in steps:
        row = step.row()
        figures = (f"{100 * float(str(row[name])):.1f}" if row.get(name) else "" for name in FIGURES)
        state = f"{step.state} ({step.problem})" if step.problem else step.state
        minutes = f"{step.seconds / 60:.1f}" if step.seconds else ""
        table.add_row(step.job.experiment.name, str(row["seed"]), str(row["job"]), state, minutes, *figures)
    return table
