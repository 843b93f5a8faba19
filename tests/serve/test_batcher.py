"""Batches across requests: together, in order of age, near in length, bounded, and never hanging."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from mmpt_sign.poses.clip import FloatArray
from mmpt_sign.serve.batcher import Batcher
from mmpt_sign.serve.errors import Refused
from mmpt_sign.serve.metrics import Metrics
from mmpt_sign.serve.settings import Settings


class Model:
    """Notes its batches; it can be held until more has gathered."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.batches = seconds, list[tuple[str, list[Any]]]()
        self.free = threading.Event()

    def __call__(self, kind: str, contents: list[Any]) -> FloatArray:
        self.free.wait(5)
        self.batches.append((kind, contents))
        time.sleep(self.seconds)
        if "bad" in contents:
            raise RuntimeError("a bad one")
        return np.array([[float(str(content))] for content in contents], np.float32)


def run(model: Model, work: Callable[[Batcher], Awaitable[Any]], **settings: Any) -> Any:
    """Work with a running batcher; the model is held only if ``work`` frees it itself."""

    async def whole() -> Any:
        with ThreadPoolExecutor(1) as thread:
            batcher = Batcher(model, thread, Settings.of({"models": "x", **settings}), Metrics())
            batcher.start()
            try:
                async with asyncio.timeout(20):
                    return await work(batcher)
            finally:
                model.free.set()
                await batcher.close()

    return asyncio.run(whole())


def test_what_waits_goes_together_sorted_by_length_with_the_oldest_first() -> None:
    model = Model()

    async def work(batcher: Batcher) -> list[Any]:
        asked = [asyncio.ensure_future(batcher.submit("a", ["0"], [50]))]
        await asyncio.sleep(0.05)  # the model works on the first; the rest gathers
        sizes = {"1": 100, "2": 900, "3": 110, "4": 120, "5": 20}
        asked += [asyncio.ensure_future(batcher.submit("a", [name], [size])) for name, size in sizes.items()]
        await asyncio.sleep(0.05)
        model.free.set()
        return await asyncio.gather(*asked)

    answers = run(model, work, batch_tokens=400)
    assert [float(answer[0, 0]) for answer in answers] == [0, 1, 2, 3, 4, 5]
    assert [contents for _, contents in model.batches] == [["0"], ["1", "3", "4"], ["2"], ["5"]]


def test_lengths_that_differ_much_are_not_padded_to_each_other() -> None:
    model = Model()

    async def work(batcher: Batcher) -> None:
        sizes = {"0": 200, "1": 210, "2": 240, "3": 260, "4": 150, "5": 140}
        asked = [asyncio.ensure_future(batcher.submit("a", [name], [size])) for name, size in sizes.items()]
        await asyncio.sleep(0.05)
        model.free.set()
        await asyncio.gather(*asked)

    run(model, work, batch_spread=0.25)
    assert [sorted(contents) for _, contents in model.batches] == [["0", "1", "2", "4"], ["3"], ["5"]]


def test_kinds_are_never_mixed_and_a_request_is_answered_in_order() -> None:
    model = Model()
    model.free.set()

    async def work(batcher: Batcher) -> list[Any]:
        names = [str(n) for n in range(30)]
        return await asyncio.gather(
            *(batcher.submit(kind, names, [10 + (n * 7) % 50 for n in range(30)]) for kind in ("a", "b"))
        )

    for answer in run(model, work, batch_tokens=200, batch_pieces=5):
        assert answer[:, 0].tolist() == list(range(30))
    assert all(len(contents) <= 5 for _, contents in model.batches)


def test_one_bad_piece_does_not_spoil_the_others() -> None:
    model = Model()

    async def work(batcher: Batcher) -> list[Any]:
        asked = [asyncio.ensure_future(batcher.submit("a", [name], [20])) for name in ("0", "1", "bad", "2")]
        await asyncio.sleep(0.05)
        model.free.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    answers = run(model, work)
    assert isinstance(answers[2], RuntimeError)
    assert [float(answers[n][0, 0]) for n in (0, 1, 3)] == [0, 1, 2]


def test_a_full_queue_is_refused_at_once() -> None:
    model = Model()

    async def work(batcher: Batcher) -> Refused:
        waiting = asyncio.ensure_future(batcher.submit("a", ["1"] * 9, [100] * 9))
        await asyncio.sleep(0.05)
        with pytest.raises(Refused) as full:
            await batcher.submit("a", ["2"] * 3, [100] * 3)
        model.free.set()
        await waiting
        await batcher.submit("a", ["2"] * 3, [100] * 3)
        return full.value

    full = run(model, work, max_waiting=1000, batch_pieces=1)
    assert full.status_code == 429
    assert full.failure.limit is not None
    assert full.failure.limit.name == "max_waiting"
    assert full.retry_after


def test_what_would_wait_too_long_is_refused_at_once() -> None:
    model = Model(seconds=0.05)

    async def work(batcher: Batcher) -> Refused:
        model.free.set()
        await batcher.submit("a", ["0"], [100])  # half a millisecond per position, at least
        assert batcher.expected_wait == 0
        model.free.clear()
        waiting = asyncio.ensure_future(batcher.submit("a", ["1"] * 10, [100] * 10))
        await asyncio.sleep(0.01)
        with pytest.raises(Refused) as slow:
            batcher.check_room()
        model.free.set()
        await waiting
        batcher.check_room()
        return slow.value

    slow = run(model, work, max_wait_seconds=0.3, batch_pieces=1)
    assert slow.status_code == 429
    assert slow.failure.limit is not None
    assert slow.failure.limit.name == "max_wait_seconds"
    assert slow.retry_after is not None
    assert slow.retry_after > 0.3


def test_work_that_nobody_waits_for_is_taken_out() -> None:
    model = Model()

    async def work(batcher: Batcher) -> float:
        first = asyncio.ensure_future(batcher.submit("a", ["0"], [10]))
        await asyncio.sleep(0.05)
        gone = asyncio.ensure_future(batcher.submit("a", ["1", "2"], [10, 10]))
        await asyncio.sleep(0.01)
        gone.cancel()
        await asyncio.wait([gone])
        model.free.set()
        await first
        await batcher.submit("a", ["3"], [10])
        return batcher.expected_wait

    assert run(model, work) == 0
    assert [contents for _, contents in model.batches] == [["0"], ["3"]]


def test_closing_finishes_what_was_taken() -> None:
    model = Model(seconds=0.02)

    async def work(batcher: Batcher) -> list[Any]:
        asked = [asyncio.ensure_future(batcher.submit("a", [str(n)], [10])) for n in range(5)]
        await asyncio.sleep(0)
        model.free.set()
        await batcher.close()
        return await asyncio.gather(*asked)

    assert len(run(model, work, batch_pieces=1)) == 5
