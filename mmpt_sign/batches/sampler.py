"""Which examples form the batches of an epoch.

Every order shows each example exactly once per epoch (round robin repeats those of rare answers, as the original does).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from mmpt_sign.config.schema import BatchOptions, Experiment

POOL = 16  # batches whose clips are sorted by length together
FROZEN_SEED = 42


class EpochBatches:
    """Batches of indices for an epoch, one part per process: batch k of process p stands at ``k * shards + p``.

    The parts of a joined batch are as equal as can be, and a process is never left without an example.
    """

    def __init__(
        self,
        answers: Sequence[str],
        lengths: Sequence[int],
        options: BatchOptions,
        *,
        size: int,
        seed: int,
        shards: int = 1,
    ) -> None:
        self.answers = answers
        self.lengths = np.asarray(lengths)
        self.options = options
        self.size = size
        self.seed = seed
        self.shards = shards

    def __call__(self, epoch: int) -> list[list[int]]:
        """The batches of ``epoch``, counted from 1."""
        return [part for joined in self.joined(epoch) for part in _split(joined, self.shards)]

    def joined(self, epoch: int) -> list[list[int]]:
        """Batches as one process would see them."""
        frozen = self.options.order == "frozen"
        rng = np.random.default_rng((FROZEN_SEED, 0) if frozen else (self.seed, epoch))
        size = self._joined_size()
        if self.options.order == "round_robin":
            return self._cut(_round_robin(self.answers), size)
        order = rng.permutation(len(self.answers)).tolist()
        if self.options.length_buckets and not frozen:
            order = self._bucketed(order, size)
        if self.options.unique_texts:
            batches = _unique(order, self.answers, size)
            if self.options.drop_last:
                batches = [batch for batch in batches if len(batch) == size]
        else:
            batches = self._cut(order, size)
        if not frozen:
            batches = [batches[i] for i in rng.permutation(len(batches))]
        return batches

    def _joined_size(self) -> int:
        multiple = self.options.multiple
        size = self.size * self.shards
        return size - size % multiple if size > multiple else size

    def _bucketed(self, order: list[int], size: int) -> list[int]:
        """Shuffled examples, sorted by length within pools of some batches."""
        pool = size * POOL
        return [
            index
            for start in range(0, len(order), pool)
            for index in sorted(order[start : start + pool], key=lambda i: int(self.lengths[i]))
        ]

    def _cut(self, order: list[int], size: int) -> list[list[int]]:
        batches = [order[start : start + size] for start in range(0, len(order), size)]
        if len(batches) > 1 and (self.options.drop_last or len(batches[-1]) < self.shards):
            rest = batches.pop()
            if not self.options.drop_last:
                batches[-1] = batches[-1] + rest
        return batches


def updates_per_epoch(answers: Sequence[str], experiment: Experiment, shards: int) -> int:
    """Updates of the first epoch; shuffled orders have as many in every epoch."""
    batches = EpochBatches(
        answers, [0] * len(answers), experiment.batch, size=experiment.optim.batch_size, seed=experiment.seed, shards=shards
    )
    return -(-len(batches.joined(1)) // experiment.optim.update_freq)


def _split(joined: list[int], shards: int) -> list[list[int]]:
    """Interleaved, so that every process gets its share of long and short clips."""
    return [joined[shard::shards] for shard in range(shards)]


def _round_robin(answers: Sequence[str]) -> list[int]:
    """Round i takes example i of every answer in order of appearance; rare answers start over."""
    classes: dict[str, list[int]] = {}
    for index, answer in enumerate(answers):
        classes.setdefault(answer, []).append(index)
    rounds = max((len(members) for members in classes.values()), default=0)
    return [members[i % len(members)] for i in range(rounds) for members in classes.values()]


def _unique(order: list[int], answers: Sequence[str], size: int) -> list[list[int]]:
    """Each example goes to the first open batch without its answer; a new batch is opened where there is none."""
    closed: list[list[int]] = []
    open_batches: list[tuple[list[int], set[str]]] = []
    for index in order:
        answer = answers[index]
        batch, seen = next((b for b in open_batches if answer not in b[1]), (None, None))
        if batch is None or seen is None:
            batch, seen = [], set()
            open_batches.append((batch, seen))
        batch.append(index)
        seen.add(answer)
        if len(batch) == size:
            open_batches = [b for b in open_batches if b[0] is not batch]
            closed.append(batch)
    return closed + [batch for batch, _ in open_batches]
