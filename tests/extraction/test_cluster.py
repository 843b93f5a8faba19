"""On a Ray cluster with two workers, one of which is killed: the same files as from one process, each made once."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from mmpt_sign.errors import MmptSignError
from mmpt_sign.extraction.job import extract
from mmpt_sign.files import read_csv
from tests.extraction.fakes import Copy, results, sources

pytestmark = pytest.mark.slow
NAMES = tuple(f"n{number:02}" for number in range(16))


def made_by(folder: Path) -> dict[str, str]:
    journal = folder / "done.jsonl"
    rows = [json.loads(line) for line in journal.read_text().splitlines()] if journal.exists() else []
    return {row["id"]: row["columns"]["worker"] for row in rows}


def kill_a_worker_soon(folder: Path, killed: list[str]) -> None:
    """Wait until two processes have made files and kill one of them in the middle of its next."""
    limit = time.monotonic() + 100
    while len(set(made_by(folder).values())) < 2:
        if time.monotonic() > limit:
            return
        time.sleep(0.05)
    killed.append(list(made_by(folder).values())[-1])
    os.kill(int(killed[0]), signal.SIGKILL)


def test_a_killed_worker_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    items, killed = sources(tmp_path / "in", *NAMES, "raise"), list[str]()
    alone = extract(items, Copy(), tmp_path / "alone", workers=1)
    killer = threading.Thread(target=kill_a_worker_soon, args=(tmp_path / "spread", killed))
    killer.start()
    spread = extract(items, Copy(seconds=0.4), tmp_path / "spread", workers=2, ray="local", time_limit=60)
    killer.join()
    assert killed, "no worker was killed"
    workers = made_by(tmp_path / "spread")
    assert len(set(workers.values())) >= 2, "the killed worker and others; a third comes if there is work left for it"
    assert (spread.made, spread.skipped) == (alone.made, alone.skipped) == (16, 1)
    assert results(tmp_path / "spread") == results(tmp_path / "alone")
    journal = (tmp_path / "spread" / "done.jsonl").read_text().splitlines()
    assert sorted(json.loads(line)["id"] for line in journal) == sorted(NAMES)
    reasons = [read_csv(tmp_path / name / "skipped.csv")[0]["reason"] for name in ("alone", "spread")]
    assert reasons == ["no good", "no good"]


def test_a_cluster_that_does_not_answer_is_a_sentence(tmp_path: Path) -> None:
    pytest.importorskip("ray")
    with pytest.raises(MmptSignError, match="no Ray cluster answers at 'nonsense'"):
        extract(sources(tmp_path / "in", "one"), Copy(), tmp_path / "out", ray="nonsense")
