"""Approximate search with faiss: offered only where it was measured to find what exact search finds.

A structure is built, then made to look harder (``efSearch`` or ``nprobe`` doubled) until its recall@10 against exact
search is good enough on two kinds of queries: texts, which lie elsewhere in the space than clips and are therefore the
harder test, and the stored clips themselves.  What is reported is the lower of the two.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import CheckpointError, ConfigError, NotInstalledError
from mmpt_sign.inference.nearest import nearest, nearest_of_many

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mmpt_sign.poses.clip import FloatArray

Kind = Literal["hnsw", "ivf"]
RECALL_OF, LEAST_RECALL = 10, 0.99
EFFORTS = tuple(16 << n for n in range(8))
LINKS, BUILD_EFFORT = 32, 200
FEWEST = 256  # below this there is nothing to approximate
TIMED_QUERIES = 64
UNFELT = 1.0  # milliseconds below which it does not matter which is faster
ROUNDING = 1e-5


@dataclass(frozen=True)
class Approximate:
    """A faiss structure over an index's vectors, with what was measured when it was built."""

    kind: str
    effort: int
    recall: float
    milliseconds: float
    structure: Any

    @classmethod
    def build(cls, kind: str, vectors: FloatArray, queries: Sequence[FloatArray]) -> Approximate:
        """The least effort that reaches the recall on each group of ``queries``; `ConfigError` where none does."""
        if len(vectors) < FEWEST:
            raise ConfigError(f"{len(vectors)} clips are too few for approximate search; exact search is faster")
        structure = _built(kind, vectors)
        expected = [nearest_of_many(vectors, group, RECALL_OF)[:, -1] for group in queries]
        recall = 0.0
        for effort in EFFORTS:
            made = cls(kind, effort, 0.0, 0.0, structure)
            recall = min(made._recall(*pair) for pair in zip(queries, expected, strict=True))
            if recall >= LEAST_RECALL:
                return made._measured(vectors, np.concatenate(list(queries)), recall)
        raise ConfigError(
            f"approximate search ({kind}) finds only {recall:.1%} of the {RECALL_OF} nearest clips even at its "
            f"greatest effort; at least {LEAST_RECALL:.0%} are asked for, so stay with exact search"
        )

    @classmethod
    def restored(cls, notes: dict[str, Any], blob: NDArray[np.uint8], shape: tuple[int, ...]) -> Approximate:
        """From what `stored` gave; it must belong to vectors of this shape."""
        try:
            structure = _faiss().deserialize_index(blob)
            found = (int(structure.ntotal), int(structure.d))
            made = cls(notes["kind"], int(notes["effort"]), float(notes["recall"]), float(notes["ms"]), structure)
        except (RuntimeError, KeyError, ValueError, TypeError) as error:
            raise CheckpointError(f"the approximate part of the index is damaged ({error}); build it again") from error
        if found != shape or made.kind not in ("hnsw", "ivf"):
            raise CheckpointError(f"the approximate part of the index is of {found} numbers, its vectors of {shape}")
        return made

    def stored(self) -> tuple[dict[str, Any], NDArray[np.uint8]]:
        """What a file keeps: notes and faiss's own bytes."""
        notes = {"kind": self.kind, "effort": self.effort, "recall": self.recall, "ms": self.milliseconds}
        return notes, _faiss().serialize_index(self.structure)

    def search(self, query: FloatArray, k: int) -> tuple[NDArray[np.int64], FloatArray]:
        """Rows and scores of about the ``k`` best, best first."""
        rows, scores = self._search(np.asarray(query, np.float32)[None], k)
        found = rows[0] >= 0
        return rows[0][found], scores[0][found]

    def _search(self, queries: FloatArray, k: int) -> tuple[NDArray[np.int64], FloatArray]:
        faiss = _faiss()
        effort = max(self.effort, k)
        chosen = (
            faiss.SearchParametersHNSW(efSearch=effort)
            if self.kind == "hnsw"
            else faiss.SearchParametersIVF(nprobe=self.effort)
        )
        scores, rows = self.structure.search(np.ascontiguousarray(queries, np.float32), k, params=chosen)
        return rows, scores

    def _recall(self, queries: FloatArray, least: FloatArray) -> float:
        """Share of answers that are as good as the last of the exact ones, so that ties do not count as misses."""
        rows, scores = self._search(queries, RECALL_OF)
        return float(((rows >= 0) & (scores >= least[:, None] - ROUNDING)).mean())

    def _measured(self, vectors: FloatArray, queries: FloatArray, recall: float) -> Approximate:
        chosen = queries[:: max(1, len(queries) // TIMED_QUERIES)][:TIMED_QUERIES]
        own = _milliseconds(lambda query: self.search(query, RECALL_OF), chosen)
        exact = _milliseconds(lambda query: nearest(vectors, query, RECALL_OF), chosen[:9])
        if own > max(exact, UNFELT):
            raise ConfigError(
                f"approximate search ({self.kind}) needs {own:.2f} ms a query for a recall of {recall:.1%}, "
                f"exact search {exact:.2f} ms; stay with exact search"
            )
        return Approximate(self.kind, self.effort, recall, own, self.structure)


def _milliseconds(search: Callable[[FloatArray], object], queries: FloatArray) -> float:
    times = []
    for query in queries:
        start = time.perf_counter()
        search(query)
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e3


def _built(kind: str, vectors: FloatArray) -> Any:
    faiss, width = _faiss(), vectors.shape[1]
    if kind == "hnsw":
        structure = faiss.IndexHNSWFlat(width, LINKS, faiss.METRIC_INNER_PRODUCT)
        structure.hnsw.efConstruction = BUILD_EFFORT
    elif kind == "ivf":
        cells = max(1, min(int(4 * len(vectors) ** 0.5), len(vectors) // 39))  # faiss wants 39 clips to place a cell
        structure = faiss.IndexIVFFlat(faiss.IndexFlatIP(width), width, cells, faiss.METRIC_INNER_PRODUCT)
        structure.train(vectors)
    else:
        raise ConfigError(f"unknown kind of index '{kind}'; known: exact, auto, hnsw, ivf")
    structure.add(vectors)
    return structure


def _faiss() -> Any:
    try:
        import faiss
    except ImportError as error:
        raise NotInstalledError("faiss", "serve") from error
    return faiss
