"""Give items to workers, wherever they run, and survive whatever the workers do.

A worker is given one item at a time, so that nothing piles up anywhere and the clock of an item starts with its work.
A worker that takes too long is stopped and the item skipped; one that dies is replaced and its item tried once more,
because the next item may need the memory that this one could not get.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from mmpt_sign.errors import MmptSignError
from mmpt_sign.extraction.item import Item, Outcome
from mmpt_sign.extraction.worker import Ready, Unready

FALSE_STARTS = 3  # workers that may die one after the other before a single one is ready
SLOWEST_WAIT = 1.0  # seconds between two looks at the clock


@dataclass(frozen=True)
class Died:
    """A worker is gone; ``reason`` says how."""

    reason: str


Message: TypeAlias = Ready | Unready | Outcome | Died


@dataclass(eq=False)
class Hand:
    """One worker as the crew sees it; ``handle`` is the process or the actor."""

    handle: Any
    ready: bool = False
    item: Item | None = None
    due: float = float("inf")


class Crew(ABC):
    """Workers of one kind; a kind says how to hire, give, listen and dismiss."""

    attempts = 2  # how often an item is given out at most when workers die of it

    def __init__(self, size: int, time_limit: float | None) -> None:
        self.size = size
        self.time_limit = float("inf") if time_limit is None else time_limit
        self.hands: list[Hand] = []

    @abstractmethod
    def hire(self) -> Hand:
        """Start a worker; it reports `Ready` when it can be given items."""

    @abstractmethod
    def give(self, hand: Hand, item: Item) -> None:
        """Let a ready worker begin with an item."""

    @abstractmethod
    def listen(self, seconds: float) -> list[tuple[Hand, Message]]:
        """What workers have to say, waiting no longer than ``seconds`` for the first."""

    @abstractmethod
    def dismiss(self, hand: Hand) -> None:
        """Stop a worker at once, whatever it is doing; no harm if it is gone already."""

    def stop(self) -> None:
        """Stop all."""
        for hand in self.hands:
            self.dismiss(hand)
        self.hands.clear()

    def work(self, items: Iterable[Item]) -> Iterator[Outcome]:
        """Every item's outcome, in the order in which they end; each item has exactly one."""
        queue = _Queue(items)
        false_starts = 0
        try:
            while True:
                self._distribute(queue)
                if not self.hands:
                    return
                for hand, message in self.listen(self._patience()):
                    if isinstance(message, Unready):
                        raise MmptSignError(message.reason)
                    if isinstance(message, Ready):
                        hand.ready, false_starts = True, 0
                    elif isinstance(message, Outcome):
                        hand.item, hand.due = None, float("inf")
                        yield message
                    else:
                        false_starts += not hand.ready
                        if false_starts == FALSE_STARTS:
                            raise MmptSignError(f"no worker can start: {message.reason}")
                        yield from self._bury(hand, message.reason, queue)
                yield from self._overdue()
        finally:
            self.stop()

    def _distribute(self, queue: _Queue) -> None:
        """An item for every ready hand; new hands where items wait; no hands where none do."""
        for hand in [hand for hand in self.hands if hand.ready and hand.item is None]:
            item = queue.next()
            if item is None:
                self._remove(hand)
                continue
            hand.item, hand.due = item, time.monotonic() + self.time_limit
            self.give(hand, item)
        starting = sum(not hand.ready for hand in self.hands)
        while len(self.hands) < self.size and queue.holds(starting + 1):
            self.hands.append(self.hire())
            starting += 1

    def _patience(self) -> float:
        nearest = min((hand.due for hand in self.hands), default=0.0) - time.monotonic()
        return max(0.0, min(nearest, SLOWEST_WAIT))

    def _overdue(self) -> Iterator[Outcome]:
        now = time.monotonic()
        for hand in [hand for hand in self.hands if hand.item is not None and hand.due <= now]:
            item = hand.item
            self._remove(hand)
            if item is not None:
                yield Outcome(item, reason=f"took longer than {self.time_limit:g} seconds and was stopped")

    def _bury(self, hand: Hand, reason: str, queue: _Queue) -> Iterator[Outcome]:
        item = hand.item
        self._remove(hand)
        if item is None:
            return
        queue.tries[item.id] += 1
        if queue.tries[item.id] < self.attempts:
            queue.again.append(item)
        else:
            yield Outcome(item, reason=f"{reason}; tried {self.attempts} times")

    def _remove(self, hand: Hand) -> None:
        self.hands.remove(hand)
        self.dismiss(hand)


class _Queue:
    """Items in their order, those to be tried again last."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = iter(items)
        self._ahead: deque[Item] = deque()
        self.again: deque[Item] = deque()
        self.tries: Counter[str] = Counter()

    def next(self) -> Item | None:
        if self.holds(1):
            return self._ahead.popleft() if self._ahead else self.again.popleft()
        return None

    def holds(self, count: int) -> bool:
        """Whether so many items wait; looks no further ahead than that."""
        while len(self._ahead) + len(self.again) < count:
            item = next(self._items, None)
            if item is None:
                return False
            self._ahead.append(item)
        return True
