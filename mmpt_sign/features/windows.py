"""Sliding windows over pictures that arrive one after the other: memory holds one segment, however long a video is."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from mmpt_sign.config.contracts import VideoNetwork

T = TypeVar("T")
Picture = NDArray[Any]


@dataclass(frozen=True)
class Segment:
    """Windows that follow each other: the pictures they need, each once, and where in these each window starts."""

    pictures: Picture
    starts: tuple[int, ...]


class Sliding:
    """The pictures of one video as they arrive, and which of them the coming windows need."""

    def __init__(self, pictures: Iterable[Picture], network: VideoNetwork) -> None:
        self.network = network
        self.held: list[Picture] = []
        self.first = 0  # number of the frame that is held first
        self.ended = False
        self._arriving = iter(pictures)

    def segments(self, most: int) -> Iterator[Segment]:
        """All windows, at most ``most`` of them in each segment."""
        window, stride, margin = self.network.window, self.network.stride, self.network.margin
        row = 0
        while True:
            self._fetch((row + most - 1) * stride + window + margin)
            rows = self._rows() if self.ended else row + most
            last = min(row + most, rows)
            if last <= row:
                return
            begin = max(0, row * stride - margin)
            end = min((last - 1) * stride + window + margin, (rows - 1) * stride + window if self.ended else 1 << 62)
            yield Segment(self._between(begin, end), tuple(n * stride - begin for n in range(row, last)))
            row = last
            self._forget(row * stride - margin)

    @property
    def count(self) -> int:
        """Frames so far."""
        return self.first + len(self.held)

    def _fetch(self, end: int) -> None:
        """Frames up to number ``end``; behind the last one of the video what the network's kind of tail asks for."""
        wanted = end - self.count
        if self.ended or wanted <= 0:
            return
        came = list(islice(self._arriving, wanted))
        self.held += came
        self.ended = len(came) < wanted
        if self.ended and self.held:
            short = self.network.window - self.count
            if self.network.tail == "black":
                self.held += [np.zeros_like(self.held[-1])] * (short if short > 0 else short % self.network.stride)
            else:
                self.held += [self.held[-1]] * max(short, 0)

    def _rows(self) -> int:
        return (self.count - self.network.window) // self.network.stride + 1

    def _between(self, begin: int, end: int) -> Picture:
        return np.stack(self.held[begin - self.first : end - self.first])

    def _forget(self, before: int) -> None:
        gone = min(max(before - self.first, 0), len(self.held))
        del self.held[:gone]
        self.first += gone


@contextmanager
def ahead(items: Iterable[T], most: int = 2) -> Iterator[Iterator[T]]:
    """The same items, made by a thread that is up to ``most`` of them ahead; its errors are raised where they belong.

    Decoding waits for the disk and leaves Python's lock, so it runs beside the network.
    """
    waiting: queue.Queue[tuple[bool, Any]] = queue.Queue(most)
    stopped = threading.Event()

    def put(last: bool, value: Any) -> None:
        while not stopped.is_set():
            try:
                waiting.put((last, value), timeout=0.1)
                return
            except queue.Full:
                continue

    def fill() -> None:
        try:
            for item in items:
                if stopped.is_set():
                    return
                put(False, item)
            put(True, None)
        except BaseException as error:  # noqa: BLE001  (raised again by whoever reads)
            put(True, error)

    def read() -> Iterator[T]:
        while True:
            last, value = waiting.get()
            if not last:
                yield value
            elif value is None:
                return
            else:
                raise value

    thread = threading.Thread(target=fill, daemon=True)
    thread.start()
    try:
        yield read()
    finally:
        stopped.set()
        thread.join()
