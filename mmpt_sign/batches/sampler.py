"""Which examples form the batches of an epoch.

Whatever the options, an epoch shows each example exactly once, in the same number of batches every time; only
``round_robin`` repeats examples (as the original does) and only ``drop_last`` leaves some out, others in each epoch.
With ``unit: group`` the examples of an epoch are one of each answer, drawn anew in every epoch.
Everything follows from (seed, epoch), so a resumed run meets the batches that it would have met.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.batches.unique import separated, spread

if TYPE_CHECKING:
    from mmpt_sign.config.schema import BatchOptions, Experiment

POOL = 16  # batches whose clips are sorted by length together
JITTER = 0.15  # spread of the factor on each length: clips of one length must not meet the same clips in every epoch
FROZEN_SEED = 42  # the original's: one order for all experiments


class EpochBatches:
    """Batches of indices for an epoch, one part per process: batch k of process p stands at ``k * shards + p``.

    ``shuffled`` cuts a new order in every epoch into batches whose sizes differ by one at most, so that no tiny batch
    without negatives ends the epoch.  ``frozen`` makes the batches once and cuts them as the original does (full ones,
    then the rest); ``round_robin`` takes one example of each answer in turn.  These two keep their batches in every
    epoch and only change which batch comes first.
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
        self.lengths = lengths
        self.options = options
        self.seed = seed
        self.shards = shards
        whole = size * shards
        self.size = whole - whole % options.multiple if whole >= options.multiple else whole

    def __call__(self, epoch: int) -> list[list[int]]:
        """The batches of ``epoch``, counted from 1; parts are interleaved, so that each has short and long clips."""
        return [batch[shard :: self.shards] for batch in self.joined(epoch) for shard in range(self.shards)]

    def joined(self, epoch: int) -> list[list[int]]:
        """Batches as one process would see them."""
        rng = np.random.default_rng(np.random.SeedSequence((self.seed, epoch)))
        if self.options.order == "shuffled":
            batches = self._shuffled(rng, self._drawn(epoch))
        elif self.options.order == "frozen":
            batches = self._shuffled(np.random.default_rng(FROZEN_SEED), self._drawn(epoch))
        else:
            batches = self._cut(round_robin(self.answers), even=False)
        return [batches[k] for k in rng.permutation(len(batches))]

    def _drawn(self, epoch: int) -> NDArray[np.int64]:
        """The examples of an epoch: all of them, or one of each answer."""
        if self.options.unit == "clip":
            return np.arange(len(self.answers))
        rng = np.random.default_rng(np.random.SeedSequence((self.seed, epoch), spawn_key=(1,)))
        return np.array([own[int(rng.integers(len(own)))] for own in _members(self.answers).values()], np.int64)

    def _shuffled(self, rng: np.random.Generator, drawn: NDArray[np.int64]) -> list[list[int]]:
        order: list[int] = rng.permutation(drawn).tolist()
        if self.options.drop_last and len(order) >= self.size:
            order = order[: len(order) - len(order) % self.size]  # before sorting by length: not always the longest
        even = self.options.order == "shuffled" and self.options.multiple == 1
        if self.options.length_buckets:
            batches = self._cut(self._sorted_in_pools(order, rng), even)
            return separated(batches, self.answers) if self.options.unique_texts else batches
        batches = self._cut(order, even)
        return spread(order, self.answers, [len(batch) for batch in batches]) if self.options.unique_texts else batches

    def _sorted_in_pools(self, order: list[int], rng: np.random.Generator) -> list[int]:
        """Shuffled examples, sorted by about their length within pools of some batches each.

        A small data set in one pool, sorted by its exact lengths, would have the same batches in every epoch.
        """
        pool = self.size * POOL
        about = np.asarray(self.lengths) * rng.lognormal(0, JITTER, len(self.lengths))
        pools = [order[start : start + pool] for start in range(0, len(order), pool)]
        return [index for members in pools for index in sorted(members, key=lambda i: float(about[i]))]

    def _cut(self, order: list[int], even: bool) -> list[list[int]]:
        """Consecutive batches: of nearly equal size, or full ones and the rest, of which every process gets some."""
        count = -(-len(order) // self.size)
        if even:
            count = min(count, max(len(order) // self.shards, 1))
            edges = [len(order) * k // max(count, 1) for k in range(count + 1)]
        else:
            edges = [*range(0, len(order), self.size), len(order)]
            too_small = self.size if self.options.drop_last else self.shards
            if count > 1 and edges[-1] - edges[-2] < too_small:
                del edges[-1 if self.options.drop_last else -2]
        return [order[a:b] for a, b in pairwise(edges)]


def updates_per_epoch(answers: Sequence[str], experiment: Experiment, shards: int) -> int:
    """Updates of an epoch, which has as many every time."""
    options, size = experiment.batch, experiment.optim.batch_size
    batches = EpochBatches(answers, [0] * len(answers), options, size=size, seed=experiment.seed, shards=shards)
    return -(-len(batches.joined(1)) // experiment.optim.update_freq)


def round_robin(answers: Sequence[str]) -> list[int]:
    """Round i takes example i of every answer, in order of first appearance; rare answers start over.

    Any run of as many examples as there are answers holds each answer once, which is what the original trains on.
    """
    members = _members(answers)
    rounds = max(map(len, members.values()), default=0)
    return [own[i % len(own)] for i in range(rounds) for own in members.values()]


def _members(answers: Sequence[str]) -> dict[str, list[int]]:
    """The examples of each answer."""
    members: dict[str, list[int]] = {}
    for index, answer in enumerate(answers):
        members.setdefault(answer, []).append(index)
    return members
