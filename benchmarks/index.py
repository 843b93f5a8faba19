"""Search in a collection of clips: exact against what memory allows, approximate against exact.

    python benchmarks/index.py [--clips 100000] [--width 384] [--rounds 41] [--kinds hnsw,ivf]

Exact search must read every vector once, so the bound is the time of a plain sum over the same array on one core; both
take turns and the figure to look at is the ratio of the medians.  The vectors are made the way trained ones lie: signs
as points of a low-dimensional space, clips scattered around them, texts beside their clips; ``--scatter`` says how far.
Approximate kinds are given the vectors and print what they measured themselves, or why they refuse.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mmpt_sign.errors import MmptSignError  # noqa: E402
from mmpt_sign.inference.approximate import RECALL_OF, Approximate  # noqa: E402
from mmpt_sign.inference.nearest import nearest  # noqa: E402
from mmpt_sign.poses.clip import FloatArray  # noqa: E402

CLIPS_OF_A_SIGN, LATENT, QUERIES = 20, 48, 500


def collection(clips: int, width: int, scatter: float, seed: int = 0) -> tuple[FloatArray, FloatArray]:
    """Vectors of clips and of texts, each of length one."""
    rng = np.random.default_rng(seed)
    signs = rng.normal(size=(max(clips // CLIPS_OF_A_SIGN, 2), LATENT))
    space = rng.normal(size=(LATENT, width)) / np.sqrt(LATENT)
    clip = signs[rng.integers(len(signs), size=clips)] + scatter * rng.normal(size=(clips, LATENT))
    text = signs[rng.permutation(len(signs))[:QUERIES]] + 0.5 * rng.normal(size=LATENT)
    return _unit(clip @ space, 0.02, rng), _unit(text @ space, 0.02, rng)


def _unit(vectors: np.ndarray, noise: float, rng: np.random.Generator) -> FloatArray:  # type: ignore[type-arg]
    vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors += noise * rng.normal(size=vectors.shape)
    return np.ascontiguousarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def milliseconds(work: Callable[[], object]) -> float:
    """One call."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1e3


def compare_exact(vectors: FloatArray, queries: FloatArray, rounds: int) -> None:
    """Print the times of reading, of exact search, and of the plain matrix product, in turns."""
    tensor = torch.from_numpy(vectors)
    ways: dict[str, Callable[[int], object]] = {
        "reading once (sum)": lambda n: tensor.sum(),
        "exact search, k=10": lambda n: nearest(vectors, queries[n % len(queries)], RECALL_OF),
        "BLAS product, sort": lambda n: np.argsort(-(vectors @ queries[n % len(queries)]))[:RECALL_OF],
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for n in range(-3, rounds):
        for name, way in ways.items():
            taken = milliseconds(lambda way=way, n=n: way(abs(n)))  # type: ignore[misc]
            times[name] += [taken] if n >= 0 else []
    bound = statistics.median(times["reading once (sum)"])
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:<22} {median:8.2f} ms {median / bound:6.2f} x the bound")


def main() -> None:
    """Print the times of exact search, then recall and time of the approximate kinds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=100_000)
    parser.add_argument("--width", type=int, default=384)
    parser.add_argument("--rounds", type=int, default=41)
    parser.add_argument("--scatter", type=float, default=0.4)
    parser.add_argument("--kinds", default="hnsw,ivf")
    given = parser.parse_args()
    torch.set_num_threads(1)
    vectors, texts = collection(given.clips, given.width, given.scatter)
    print(f"{given.clips} clips of {given.width} numbers, {vectors.nbytes / 1e6:.0f} MB")
    compare_exact(vectors, texts, given.rounds)
    for kind in filter(None, given.kinds.split(",")):
        start = time.perf_counter()
        try:
            found = Approximate.build(kind, vectors, [texts, vectors[:: max(1, len(vectors) // QUERIES)]])
            said = f"recall@{RECALL_OF} {found.recall:.4f}, {found.milliseconds:.2f} ms a query, effort {found.effort}"
        except MmptSignError as error:
            said = f"refused: {error}"
        print(f"{kind}: {said} (built and measured in {time.perf_counter() - start:.0f} s)")


if __name__ == "__main__":
    main()
