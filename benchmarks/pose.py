"""From a pose file to model input (T, 609), temporal augmentation included: this package against the original's steps.

    python benchmarks/pose.py [FILE] [--rounds 20]

The three ways take turns, so that a change of the machine's speed hits all of them; the figures to look at are the
ratios of the medians.  The outputs are compared too: a fast wrong answer does not count.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mmpt_sign.features.build import build_store  # noqa: E402
from mmpt_sign.poses.arrays import read_source  # noqa: E402
from mmpt_sign.poses.clip import FloatArray  # noqa: E402
from mmpt_sign.poses.read import read  # noqa: E402
from mmpt_sign.records import Record, Source  # noqa: E402
from mmpt_sign.streams.pose import Pose  # noqa: E402
from tests.poses import original  # noqa: E402

DEVIATION = 0.2
AUGMENT = {"temporal": {"deviation": DEVIATION, "whole_fps": True, "bridge_gaps": True}}


def usual_file() -> Path:
    """The clip of the original's demo, or one of the clips inside the pip package that the demo data come from."""
    house = ROOT.parent / "shared/data/pose_files/house.pose"
    if house.is_file():
        return house
    import spoken_to_signed

    lexicon = Path(spoken_to_signed.__file__).parent / "assets/fingerspelling_lexicon"
    return max(lexicon.glob("*/*.pose"), key=lambda path: path.stat().st_size)


def seconds(work: Callable[[int], FloatArray], seed: int) -> tuple[float, FloatArray]:
    """How long one call takes, and its result."""
    start = time.perf_counter()
    result = work(seed)
    return time.perf_counter() - start, result


def measured(path: Path, store: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds of every way in every round; `SystemExit` if a result is not the original's."""
    stream = Pose(z="raw", augment=AUGMENT).fixed_to(read(path).layout)

    def ours(source: Source) -> Callable[[int], FloatArray]:
        return lambda seed: stream.encode(stream.prepare(read_source(source)), np.random.default_rng(seed))

    ways: dict[str, Callable[[int], FloatArray]] = {
        "original, step by step": lambda seed: original.model_input(
            path, np.random.default_rng(seed).normal(1, DEVIATION)
        ),
        "this package, pose file": ours(Source(path)),
        "this package, clip store": ours(Source(store, item=0)),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    for seed in range(-2, rounds):
        results = {name: seconds(work, abs(seed)) for name, work in ways.items()}
        expected, *others = (result for _, result in results.values())
        if any(result.shape != expected.shape or np.abs(result - expected).max() > 1e-3 for result in others):
            raise SystemExit("the results differ")
        for name, (taken, _) in results.items():
            times[name] += [taken] if seed >= 0 else []
    return times


def main() -> None:
    """Print milliseconds of the three ways and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=None)
    parser.add_argument("--rounds", type=int, default=30)
    given = parser.parse_args()
    path = given.file or usual_file()
    with tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "store"
        clip = read(path)
        points = Pose(z="raw").fixed_to(clip.layout).point_names
        build_store([Record("clip", "test", ("",), Source(path))], lambda record: clip, store, points=points)
        times = measured(path, store, given.rounds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    slowest = next(iter(medians.values()))
    print(f"{path.name}: {len(clip)} frames")
    for name, median in medians.items():
        print(f"{name:<25} {median * 1e3:8.2f} ms {slowest / median:7.1f} x")


if __name__ == "__main__":
    main()
