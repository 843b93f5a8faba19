"""Hands and arms as graphs: which joints hear of which, and how strongly.

A graph convolution mixes joints by four matrices: a joint itself, its neighbours towards the centre, those away from
it, and its counterparts (the same joint of the next finger, or of the other arm).  Columns of their sum add up to one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

KINDS = 4
FINGERS = tuple(range(1, 21, 4))  # first joint of each finger, thumb to little finger
Links = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Graph:
    """``distances`` are steps from the centre; a counterpart link counts as such whatever the distances."""

    bones: Links
    counterparts: Links
    distances: tuple[int, ...]

    def adjacency(self) -> NDArray[np.float32]:
        """(4, V, V): self, towards the centre, away from it, counterparts; entry (k, v, w) is how w hears of v."""
        size = len(self.distances)
        linked = np.eye(size)
        for a, b in (*self.bones, *self.counterparts):
            linked[a, b] = linked[b, a] = 1
        linked /= linked.sum(0)
        mirror = np.zeros((size, size), bool)
        for a, b in self.counterparts:
            mirror[a, b] = mirror[b, a] = True
        steps = np.subtract.outer(self.distances, self.distances)
        own = np.eye(size, dtype=bool)
        kinds = np.stack([own, (steps > 0) & ~mirror, (steps < 0) & ~mirror, mirror])
        matrices: NDArray[np.float32] = (linked * kinds).astype(np.float32)
        return matrices


@dataclass(frozen=True)
class Skeleton:
    """A graph, the parts over which its joints are pooled, and the graph of the parts."""

    graph: Graph
    parts: tuple[tuple[int, ...], ...]
    pooled: Graph


def _hand() -> Skeleton:
    bones = tuple(link for f in FINGERS for link in ((0, f), (f, f + 1), (f + 1, f + 2), (f + 2, f + 3)))
    neighbours = tuple((f + level, f + 4 + level) for f in FINGERS[:-1] for level in range(4))
    distances = (0, *(level for _ in FINGERS for level in (1, 2, 3, 4)))
    parts = (*((f + 1, f + 2, f + 3) for f in FINGERS), (0, *FINGERS))
    star = Graph(tuple((f, 5) for f in range(5)), tuple((f, f + 1) for f in range(4)), (1, 1, 1, 1, 1, 0))
    return Skeleton(Graph(bones, neighbours, distances), parts, star)


def _body(pooled: Graph) -> Skeleton:
    arms = Graph(((0, 1), (1, 2), (2, 3), (0, 4), (4, 5), (5, 6)), ((1, 4), (2, 5), (3, 6)), (0, 1, 2, 3, 1, 2, 3))
    return Skeleton(arms, ((1, 2, 3), (4, 5, 6), (0,)), pooled)


HAND = _hand()
BODY = _body(Graph(((0, 2), (1, 2)), ((0, 1),), (1, 1, 0)))
RELEASED_BODY = _body(Graph(((0, 2), (0, 1)), ((0, 1),), (0, 0, 0)))  # the right arm hears of no nose
