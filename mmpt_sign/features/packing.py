"""Read and pack the clips of records, in their order, on one process or several."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from mmpt_sign.errors import DataError, MmptSignError
from mmpt_sign.features.block import Form, pack
from mmpt_sign.features.shard import Packed

if TYPE_CHECKING:
    from mmpt_sign.poses.clip import Clip
    from mmpt_sign.records import Record

AT_ONCE, AHEAD = 4, 4  # records that travel together, and such groups per process that may wait


class Unreadable(NamedTuple):
    """A record without a usable clip."""

    record_id: str
    reason: str


class Outcome(NamedTuple):
    """What became of a record; ``left_out`` names the components of points that the store has no room for."""

    packed: Packed | Unreadable
    left_out: tuple[str, ...]


Job = tuple["Record", str]


@dataclass(frozen=True)
class Packer:
    """Travels to the processes; a clip that cannot be used is an outcome, not an error."""

    read: Callable[[Record], Clip]
    form: Form

    def __call__(self, jobs: Sequence[Job]) -> list[Outcome]:
        """The outcomes of some records."""
        return [self._outcome(record, fingerprint) for record, fingerprint in jobs]

    def _outcome(self, record: Record, fingerprint: str) -> Outcome:
        try:
            clip = self.read(record)
            data = pack(self.form, clip)
        except (DataError, OSError) as error:
            return Outcome(Unreadable(record.id, str(error)), ())
        except MmptSignError as error:
            raise MmptSignError(str(error)) from None  # an error of several arguments does not travel back
        known = self.form.layout.position
        more = dict.fromkeys(name.partition(".")[0] for name in clip.layout.points if name not in known)
        return Outcome(Packed(record.id, fingerprint, len(clip), zlib.crc32(data), data), tuple(more))


def outcomes(jobs: Sequence[Job], packer: Packer, workers: int) -> Iterator[Outcome]:
    """One outcome per record, in order; with several processes a few groups of records are always on their way."""
    groups = (jobs[start : start + AT_ONCE] for start in range(0, len(jobs), AT_ONCE))
    if workers <= 1 or len(jobs) <= AT_ONCE:
        for group in groups:
            yield from packer(group)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, _follow_parent)
    waiting: deque[Future[list[Outcome]]] = deque()
    try:
        waiting.extend(pool.submit(packer, group) for group in islice(groups, workers * AHEAD))
        while waiting:
            yield from waiting.popleft().result()
            waiting.extend(pool.submit(packer, group) for group in islice(groups, 1))
    except BrokenProcessPool as error:
        raise MmptSignError(
            "a reading process ended by itself, most likely for lack of memory; the same command goes on from the last "
            "full shard, with --workers 1 it says at which clip it ends"
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _follow_parent() -> None:
    """End with the process that asked, even if that one is killed; leave the keyboard to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def follow() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=follow, daemon=True).start()
