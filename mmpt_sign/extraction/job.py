"""A whole extraction: many items to many files, on this machine or on a cluster, resumable."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mmpt_sign.errors import DataError
from mmpt_sign.extraction.crew import Crew
from mmpt_sign.extraction.item import Extractor, Item
from mmpt_sign.extraction.ledger import SKIPPED, Ledger
from mmpt_sign.extraction.progress import Progress

TIME_LIMIT = 1800.0  # seconds for one item


@dataclass(frozen=True)
class Report:
    """What a job did; ``skipped`` counts the items of this job that have no file, skipped now or before."""

    folder: Path
    total: int
    made: int
    kept: int
    skipped: int
    frames: int
    remarks: int
    seconds: float

    @property
    def summary(self) -> str:
        """One line for people."""
        rate = (
            f", {self.frames} frames in {self.seconds:.0f} s ({self.frames / self.seconds:.1f}/s)" if self.made else ""
        )
        odd = f", {self.remarks} with remarks (done.jsonl)" if self.remarks else ""
        lost = f", {self.skipped} skipped ({SKIPPED})" if self.skipped else ""
        return f"{self.folder}: {self.made} made, {self.kept} were there{lost}{odd}{rate}"

    def judge(self, max_skipped: float) -> None:
        """`DataError` if too large a share was skipped, or all of it."""
        if self.skipped and (self.skipped == self.total or self.skipped > max_skipped * self.total):
            raise DataError(
                f"{self.skipped} of {self.total} clips were skipped, the reasons are in {self.folder / SKIPPED}"
                f" (up to {max_skipped:.0%} are accepted: --max-skipped)"
            )


def extract(
    items: Iterable[Item],
    extractor: Extractor,
    folder: Path,
    *,
    workers: int | None = None,
    ray: str | None = None,
    time_limit: float | None = TIME_LIMIT,
    retry_skipped: bool = False,
    overwrite: bool = False,
    progress: Progress | None = None,
    crew: Crew | None = None,
) -> Report:
    """Make the file of every item that has none yet.

    ``workers`` is the number of processes, by default one per core.  ``ray`` is the address of a cluster (``auto``
    finds the one of this machine, ``local`` starts one).  An item that takes longer than ``time_limit`` seconds is
    skipped.  Whatever stops this function, calling it again goes on from there.  ``crew`` brings other workers.
    """
    items, folder, progress = list(items), Path(folder), progress or Progress()
    check_targets(items)
    with Ledger(folder, extractor.options(), overwrite=overwrite) as ledger:
        todo = ledger.unfinished(items, retry_skipped=retry_skipped)
        progress.begin(len(items), len(items) - len(todo))
        try:
            if todo:
                crew = crew or _crew(extractor, folder, workers, ray, time_limit, len(todo))
                for outcome in crew.work(todo):
                    ledger.record(outcome)
                    progress.step(outcome)
        finally:
            progress.end()
            ledger.write_index(items)
        skipped = sum(item.id in ledger.skipped for item in items)
    total, made = len(items), progress.made
    return Report(
        folder, total, made, total - made - skipped, skipped, progress.frames, progress.remarks, progress.seconds
    )


def check_targets(items: Sequence[Item]) -> None:
    """Every item has an id and a file of its own, inside the output folder."""
    for what, values in (("id", [item.id for item in items]), ("target", [item.target for item in items])):
        twice = [value for value, count in Counter(values).items() if count > 1]
        if twice:
            raise DataError(f"{len(twice)} clips share their {what} with another, '{twice[0]}' for one")
    for item in items:
        path = PurePosixPath(item.target)
        if (
            path.is_absolute()
            or ".." in path.parts
            or not path.name.strip(".")
            or "\\" in item.target
            or "\0" in item.target
        ):
            raise DataError(f"'{item.target}' is no file name inside the output folder")


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _crew(
    extractor: Extractor, folder: Path, workers: int | None, ray: str | None, time_limit: float | None, items: int
) -> Crew:
    if ray is not None:
        from mmpt_sign.extraction.cluster import RayCrew

        return RayCrew(extractor, folder.resolve(), workers, time_limit, ray)
    from mmpt_sign.extraction.local import LocalCrew

    return LocalCrew(extractor, folder.resolve(), min(workers or cores(), items), time_limit)
