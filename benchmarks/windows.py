"""I3D over sliding windows: this package against the naive loop, and what each ingredient brings.

    python benchmarks/windows.py [--windows 32] [--loop 4] [--stride 1] [--pixels 224] [--threads 2] [--rounds 3]

The naive loop is that of the originals: the 16 frames of each window are resampled, normalised and run through the
network by themselves.  All ways start from the same decoded frames of 256 x 256, end with the same vectors, and take
turns round by round, so that a change of the machine's speed hits all of them; the figures to look at are the ratios of
the medians.  Ways without batches run over the first ``--loop`` windows only.
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
from torch import Tensor

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mmpt_sign.features.networks._i3d import I3d as Network  # noqa: E402
from mmpt_sign.features.networks._rows import EachWindow  # noqa: E402
from mmpt_sign.features.networks._sliding_i3d import SlidingI3d  # noqa: E402
from mmpt_sign.features.networks.i3d import I3d  # noqa: E402
from tests.features.networks.weights import with_random_weights  # noqa: E402

NAIVE = "naive loop"
TOLERANCE = 1e-4
Way = Callable[[], Tensor]


def ways(part: I3d, pictures: Tensor, starts: range, loop: int, pixels: int) -> dict[str, Way]:
    """From the naive loop to this package, one ingredient more each time."""
    network = with_random_weights(part.build())
    assert isinstance(network, Network)
    plain, window = EachWindow(network, part.window), part.window
    folded, quick = SlidingI3d(network, window), SlidingI3d(network, window, quick_time=True)
    middle = slice((224 - pixels) // 2, (224 - pixels) // 2 + pixels)

    def inputs(some: Tensor) -> Tensor:
        return part.inputs(some)[:, :, middle, middle]

    def clip(frames: Tensor) -> Tensor:
        return frames.transpose(0, 1)[None]

    def prepared_once() -> Tensor:
        frames = inputs(pictures[: starts[loop - 1] + window])
        return torch.cat([network(clip(frames[n : n + window])) for n in starts[:loop]])

    def apart(frames: Tensor) -> Tensor:
        return torch.cat(folded.rows([(frames[n : n + window], (0,)) for n in starts]))

    return {
        NAIVE: lambda: torch.cat([network(clip(inputs(pictures[n : n + window]))) for n in starts[:loop]]),
        "+ frames prepared once": prepared_once,
        "+ windows in batches": lambda: plain.rows([(inputs(pictures), starts)])[0],
        "+ norms folded, channels innermost": lambda: apart(inputs(pictures)),
        "+ layers shared between windows": lambda: folded.rows([(inputs(pictures), starts)])[0],
        "+ quick convolutions over time": lambda: quick.rows([(inputs(pictures), starts)])[0],
    }


def measured(made: dict[str, Way], rounds: int) -> dict[str, list[float]]:
    """Seconds per window of every way in every round; `SystemExit` if one gives other vectors than the naive loop."""
    times: dict[str, list[float]] = {name: [] for name in made}
    expected: Tensor | None = None
    for turn in range(-1, rounds):
        for name, way in made.items():
            start = time.perf_counter()
            found = way()
            taken = time.perf_counter() - start
            expected = found if expected is None else expected
            difference = (found[: len(expected)] - expected).abs().max()
            if difference > TOLERANCE:
                raise SystemExit(f"{name}: differs by {difference}")
            times[name] += [taken / len(found)] if turn >= 0 else []
    return times


def main() -> None:
    """Print windows per second of all ways and the ratios to the naive loop."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--windows", type=int, default=32)
    parser.add_argument("--loop", type=int, default=4)
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--pixels", type=int, default=224, help="side of what the network sees")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    part = I3d()
    starts = range(0, given.windows * given.stride, given.stride)
    count = starts[-1] + part.window
    pictures = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (count, 256, 256, 3), dtype=np.uint8))
    with torch.inference_mode():
        times = measured(ways(part, pictures, starts, given.loop, given.pixels), given.rounds)
    naive = statistics.median(times[NAIVE])
    print(f"{given.windows} windows at stride {given.stride}, {given.pixels} pixels, {given.threads} threads")
    for name, taken in times.items():
        middle = statistics.median(taken)
        print(f"{name:36s} {1 / middle:7.2f} windows/s  {naive / middle:5.2f} x")


if __name__ == "__main__":
    main()
