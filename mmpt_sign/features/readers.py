"""Workers that are threads around one network, for a device that is quicker than one video can feed it."""

from __future__ import annotations

import queue
import threading
from pathlib import Path

from mmpt_sign.extraction.crew import Crew, Hand, Message
from mmpt_sign.extraction.item import Item
from mmpt_sign.extraction.worker import Ready, Unready, perform, started
from mmpt_sign.features.extractor import FeatureExtractor


class Readers(Crew):
    """Each decodes a video of its own; what they read goes through the network in common batches.

    A reader that is dismissed while it hangs is left behind: a thread cannot be stopped, only forgotten.
    """

    def __init__(self, extractor: FeatureExtractor, folder: Path, size: int, time_limit: float | None) -> None:
        super().__init__(size, time_limit)
        self.folder = folder
        self._make = started(extractor.together())
        self._said: queue.Queue[tuple[Hand, Message]] = queue.Queue()

    def hire(self) -> Hand:
        """A thread that waits for items."""
        hand = Hand(queue.SimpleQueue())
        threading.Thread(target=self._work, args=(hand,), daemon=True).start()
        return hand

    def give(self, hand: Hand, item: Item) -> None:
        """Put it where the thread waits."""
        hand.handle.put(item)

    def listen(self, seconds: float) -> list[tuple[Hand, Message]]:
        """The next message, if it is of a reader that has not been dismissed."""
        try:
            hand, message = self._said.get(timeout=max(seconds, 0.01))
        except queue.Empty:
            return []
        return [(hand, message)] if hand in self.hands else []

    def dismiss(self, hand: Hand) -> None:
        """Ask it to end when it is done."""
        hand.handle.put(None)

    def _work(self, hand: Hand) -> None:
        if isinstance(self._make, Unready):
            self._said.put((hand, self._make))
            return
        self._said.put((hand, Ready()))
        while (item := hand.handle.get()) is not None:
            self._said.put((hand, perform(self._make, item, self.folder)))
