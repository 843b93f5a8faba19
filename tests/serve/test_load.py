"""A real server under more than it can do, and one that is told to stop.

The full minute is ``MMPT_SIGN_LOAD_SECONDS=60``.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.serve.places import SlowModel, app_of, memory, serving

SECONDS = float(os.environ.get("MMPT_SIGN_LOAD_SECONDS", "4"))
PER_PIECE, PROMISED, OVERLOAD = 0.04, 2.0, 4
AT_ONCE = 0.25


async def _one(client: httpx.AsyncClient, texts: list[str]) -> tuple[int, bool]:
    answer = await client.post("/v1/embed/text", json={"texts": texts})
    return answer.status_code, "retry-after" in answer.headers


async def _storm(address: str, rate: float, seconds: float) -> list[tuple[int, bool]]:
    """Requests at a steady rate, whether or not earlier ones are answered."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=100)
    async with httpx.AsyncClient(base_url=address, timeout=30, limits=limits) as client:
        start = time.perf_counter()
        asked: list[asyncio.Future[tuple[int, bool]]] = []
        while (now := time.perf_counter() - start) < seconds:
            while len(asked) < now * rate:
                asked.append(asyncio.ensure_future(_one(client, ["one text", "another"])))
            await asyncio.sleep(0.02)
        return await asyncio.gather(*asked)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_four_times_too_much_hangs_nobody_and_keeps_the_promise(caplog: pytest.LogCaptureFixture) -> None:
    """Times are the server's own: server, clients and whatever else runs here share the cores."""
    caplog.set_level(logging.INFO, "mmpt_sign.serve")
    limits: dict[str, Any] = {"max_wait_seconds": PROMISED / 3, "max_seconds": PROMISED, "max_requests": 64}
    sustainable = 1 / (2 * PER_PIECE)
    with serving(app_of(SlowModel(per_piece=PER_PIECE), **limits)) as address:
        asyncio.run(_storm(address, OVERLOAD * sustainable, min(SECONDS / 4, 5)))
        before = memory()
        caplog.clear()
        answers = asyncio.run(_storm(address, OVERLOAD * sustainable, SECONDS))
        grown = memory() - before
        assert httpx.get(address + "/ready").status_code == 200
    seen = Counter(status for status, _ in answers)
    lines = [record.fields for record in caplog.records if getattr(record, "fields", {}).get("status")]  # type: ignore[attr-defined]
    taken = {status: sorted(line["ms"] / 1e3 for line in lines if line["status"] == status) for status in seen}
    assert set(seen) <= {200, 429, 503}
    assert seen[200] >= 0.5 * sustainable * SECONDS
    assert seen[429] > seen[200]
    assert len(lines) > len(answers)
    assert taken[200][-1] < PROMISED + AT_ONCE
    assert taken[429][len(taken[429]) * 95 // 100] < AT_ONCE
    assert seen[503] < seen[200] / 4
    assert all(told for status, told in answers if status != 200)
    assert grown < 50 << 20


@pytest.fixture
def started(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """``mmpt-sign serve`` in a process of its own, ready."""
    words = [sys.executable, "-m", "mmpt_sign.cli.main", "serve", str(folder), "--port", "0", "--threads", "1"]
    options = ["--batch-pieces", "1", "--max-seconds", "100"]
    process = subprocess.Popen([*words, *options], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r'"event": "listening".*"port": (\d+)', line):
            return process, f"http://127.0.0.1:{found[1]}"
    pytest.fail("the server did not start")


@pytest.mark.slow
def test_a_stopping_server_answers_what_it_took(started: tuple[subprocess.Popen[str], str]) -> None:
    process, address = started
    asked = 8

    async def work() -> list[int | str]:
        async with httpx.AsyncClient(base_url=address, timeout=60) as client:
            body = {"texts": [f"<en> <ase> number {n}" for n in range(100)]}
            waiting = [asyncio.ensure_future(client.post("/v1/embed/text", json=body)) for _ in range(asked)]
            async with httpx.AsyncClient(base_url=address) as other:
                while f"requests_inside {asked + 1}.0" not in (await other.get("/metrics")).text:
                    assert not all(one.done() for one in waiting), "too quick to be stopped in between"
                    await asyncio.sleep(0.01)
            process.send_signal(signal.SIGTERM)
            return [(await one).status_code for one in waiting]

    try:
        assert asyncio.run(work()) == [200] * asked
        assert process.wait(20) == 0
        assert process.stderr is not None
        lines = process.stderr.read()
        assert '"event": "stopped"' in lines
        assert lines.count('"texts": 100') == asked
        assert "number" not in lines
    finally:
        process.kill()
        process.wait()
    with pytest.raises(httpx.ConnectError):
        httpx.get(address + "/health")
