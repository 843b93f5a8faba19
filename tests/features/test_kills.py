from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mmpt_sign.features.build import build_store, own_clip
from mmpt_sign.features.store import verify
from mmpt_sign.records import Record
from tests.features.stores import Throttled, contents, corpus

MOMENTS, SLOW = 20, 0.004


def in_another_process(work: Callable[[], Any]) -> Any:
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    return process


@pytest.fixture
def records(tmp_path: Path) -> list[Record]:
    return corpus(tmp_path / "corpus", 60, broken=(7, 30))


@pytest.mark.slow
def test_a_build_killed_at_random_moments_ends_like_one_left_alone(tmp_path: Path, records: list[Record]) -> None:
    build_store(records, own_clip, tmp_path / "whole", shard_clips=8)
    whole = contents(tmp_path / "whole")
    draw = random.Random(1)
    shards = set()
    for moment in range(MOMENTS):
        folder = tmp_path / f"killed-{moment}"
        slow = partial(build_store, records, Throttled(SLOW), folder, shard_clips=8)
        for _ in range(1 + moment % 3):
            process = in_another_process(slow)
            time.sleep(draw.uniform(0, 1.3 * SLOW * len(records)))
            process.kill()
            process.join()
            shards.add(len(list(folder.glob("shards/*.json"))))
        build_store(records, own_clip, folder, shard_clips=8)
        assert contents(folder) == whole
        verify(folder)
    assert len(shards) > 3  # the kills did hit different phases


@pytest.mark.slow
def test_a_build_killed_at_any_change_of_the_disk_goes_on(tmp_path: Path) -> None:
    """Before each renaming, removal and flush, of a first build and of one that adds and takes away."""
    old, new = corpus(tmp_path / "corpus", 9), corpus(tmp_path / "corpus", 7, first=6, broken=(11,))
    build_store(old, own_clip, tmp_path / "first", shard_clips=3, max_skipped=1)
    build_store(old, own_clip, tmp_path / "second", shard_clips=3, max_skipped=1)
    build_store(new, own_clip, tmp_path / "second", shard_clips=3, max_skipped=1, others="drop")
    wholes = contents(tmp_path / "first"), contents(tmp_path / "second")
    reached = 0
    for step in range(1, 300):
        folder = tmp_path / f"step-{step}"
        once = partial(build_store, read=own_clip, folder=folder, shard_clips=3, max_skipped=1, others="drop")
        steps = [partial(once, given) for given in (old, new)]
        alive = False
        for build, whole in zip(steps, wholes, strict=True):
            process = in_another_process(partial(killed_at, step, build))
            process.join()
            alive = process.exitcode == 0
            if not alive:
                reached += 1
            build()
            assert contents(folder) == whole, step
        if alive:
            break
    assert alive
    assert reached > 30


def killed_at(step: int, work: Callable[[], Any]) -> None:
    """Run ``work`` in a process that ends without a word before its nth change of the disk."""
    count = [0]

    def dying(change: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*given: Any, **options: Any) -> Any:
            count[0] += 1
            if count[0] == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return change(*given, **options)

        return changed

    for name in ("replace", "unlink", "fsync", "rename"):
        setattr(os, name, dying(getattr(os, name)))
    work()


@pytest.mark.slow
def test_reading_processes_end_with_a_killed_build(tmp_path: Path, records: list[Record]) -> None:
    trace = tmp_path / "trace"
    trace.mkdir()
    read = Throttled(0.05, trace)
    process = in_another_process(partial(build_store, records, read, tmp_path / "store", workers=2, shard_clips=8))
    until(lambda: len({path.name for path in trace.iterdir()} - {str(process.pid)}) == 2)
    process.kill()
    process.join()
    until(lambda: not any(running(int(path.name)) for path in trace.iterdir()))
    build_store(records, own_clip, tmp_path / "store", workers=2, shard_clips=8)
    build_store(records, own_clip, tmp_path / "whole", shard_clips=8)
    assert contents(tmp_path / "store") == contents(tmp_path / "whole")


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False
