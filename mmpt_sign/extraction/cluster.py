"""Workers as actors of a Ray cluster: many machines that see the same files under the same paths."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from mmpt_sign.errors import MmptSignError, NotInstalledError
from mmpt_sign.extraction.crew import Crew, Died, Hand, Message
from mmpt_sign.extraction.item import Extractor, Item, Make, Outcome
from mmpt_sign.extraction.worker import Ready, Unready, perform, started

LOCAL = "local"  # the address that stands for a cluster of this machine, started for the job


class RayCrew(Crew):
    """One actor per CPU of the cluster.  An actor that is lost with its process or its machine is replaced."""

    attempts = 4  # machines are lent and taken back; that is no fault of the item they worked on

    def __init__(
        self, extractor: Extractor, folder: Path, size: int | None, time_limit: float | None, address: str
    ) -> None:
        self._ray = _connected(address, size)
        super().__init__(size or max(1, int(self._ray.cluster_resources().get("CPU", 1))), time_limit)
        self.folder = folder
        self._extractor = self._ray.put(extractor)
        self._actor = self._ray.remote(num_cpus=1, max_restarts=0, max_task_retries=0)(_Worker)
        self._waiting: dict[Any, Hand] = {}

    def hire(self) -> Hand:
        """An actor, which starts as soon as the cluster has room for it."""
        hand = Hand(self._actor.remote(self._extractor, str(self.folder)))
        self._waiting[hand.handle.start.remote()] = hand
        return hand

    def give(self, hand: Hand, item: Item) -> None:
        """Call the actor."""
        self._waiting[hand.handle.perform.remote(item)] = hand

    def listen(self, seconds: float) -> list[tuple[Hand, Message]]:
        """Answers and deaths."""
        done, _ = self._ray.wait(list(self._waiting), num_returns=1, timeout=seconds)
        return [(self._waiting.pop(answer), self._message(answer)) for answer in done]

    def _message(self, answer: Any) -> Message:
        try:
            message: Message = self._ray.get(answer)
        except self._ray.exceptions.RayError as error:
            return Died(f"the worker was lost ({' '.join(str(error).split())[:300]})")
        if isinstance(message, Outcome) and message.made and not (self.folder / message.item.target).is_file():
            raise MmptSignError(
                f"a worker wrote {message.item.target}, but it is not in {self.folder} here: the output folder must be"
                " on a file system that all machines of the cluster share, under the same path"
            )
        return message

    def dismiss(self, hand: Hand) -> None:
        """Kill the actor's process."""
        self._waiting = {answer: other for answer, other in self._waiting.items() if other is not hand}
        self._ray.kill(hand.handle)

    def stop(self) -> None:
        """Kill the actors and leave the cluster; one that was started for this job ends."""
        super().stop()
        self._ray.shutdown()


class _Worker:
    """What runs in the actor's process."""

    def __init__(self, extractor: Extractor, folder: str) -> None:
        self._extractor, self._folder = extractor, Path(folder)
        self._make: Make | None = None

    def start(self) -> Ready | Unready:
        made = started(self._extractor)
        if isinstance(made, Unready):
            return made
        self._make = made
        return Ready()

    def perform(self, item: Item) -> Outcome:
        if self._make is None:
            raise RuntimeError("given an item before it was started")
        return perform(self._make, item, self._folder)


def _connected(address: str, size: int | None) -> Any:
    """Ray, connected; no figures about its use are sent anywhere."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ImportError as error:
        raise NotInstalledError("Ray, which spreads work over many machines,", "scale") from error
    usual: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if address == LOCAL:
            ray.init(num_cpus=size, include_dashboard=False, **usual)
        else:
            ray.init(address=address, **usual)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise MmptSignError(f"no Ray cluster answers at '{address}' ({error}); '{LOCAL}' starts one here") from error
    return ray
