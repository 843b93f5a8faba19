"""Training with token similarities: sums with a gradient of their own against recording every step.

    python benchmarks/tokens.py [--clips 64] [--positions 64] [--words 32] [--width 256] [--rounds 3] [--half]

The plain way takes the softmax of each side by itself, in blocks that are computed again for the gradient.  Both ways
run forwards and backwards on the same tokens, in turns, and must agree; time is processor time.  ``--half`` computes
the cosines in bfloat16.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mmpt_sign.similarity._blocks import Compared, Side, in_blocks, unit  # noqa: E402
from mmpt_sign.similarity.diagonal_match import DiagonalMatch  # noqa: E402
from mmpt_sign.similarity.token_softmax import TokenSoftmax  # noqa: E402

PLAIN, OURS = "every step recorded", "sums with their own gradient"
PLAIN_BLOCK = 4_000_000
TOLERANCE = {False: 1e-5, True: 2e-2}
Way = Callable[[Side, Side], Compared]


def ways(part: TokenSoftmax | DiagonalMatch) -> dict[str, Way]:
    """Two matrices of scores from unit tokens."""
    return {PLAIN: lambda left, right: in_blocks(part._compared, left, right, PLAIN_BLOCK), OURS: part._by_sums}


def step(way: Way, left: Side, right: Side, *, half: bool) -> tuple[float, list[Tensor]]:
    """Seconds of one pass forwards and backwards; scores and gradients."""
    tokens = [side[0].clone().requires_grad_() for side in (left, right)]
    start = time.process_time()
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        first, second = way((unit(tokens[0]), left[1]), (unit(tokens[1]), right[1]))
    gradients = torch.autograd.grad(first.diagonal().sum() + second.square().mean(), tokens)
    return time.process_time() - start, [first.detach(), second.detach(), *gradients]


def measured(part: TokenSoftmax | DiagonalMatch, left: Side, right: Side, rounds: int, *, half: bool) -> list[float]:
    """Median seconds of both ways; `SystemExit` where they disagree."""
    times: dict[str, list[float]] = {name: [] for name in ways(part)}
    for turn in range(-1, rounds):
        found = []
        for name, way in ways(part).items():
            taken, result = step(way, left, right, half=half)
            times[name] += [taken] if turn >= 0 else []
            found.append(result)
        for one, other in zip(*found, strict=True):
            if (one - other).abs().max() > TOLERANCE[half] * max(float(one.abs().max()), 1):
                raise SystemExit(f"{part.part_name}: the two ways differ by {(one - other).abs().max()}")
    return [statistics.median(taken) for taken in times.values()]


def drawn(count: int, length: int, width: int, least: int) -> Side:
    """Tokens of random lengths."""
    lengths = torch.randint(least, length + 1, (count, 1))
    return torch.randn(count, length, width), torch.arange(length) < lengths


def main() -> None:
    """Print seconds per step of both ways and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for name, value in {"clips": 64, "positions": 64, "words": 32, "width": 256, "threads": 1, "rounds": 3}.items():
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--half", action="store_true")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    clips = drawn(given.clips, given.positions, given.width, given.positions // 2)
    beside = clips[0] + torch.randn_like(clips[0]), clips[1]
    words = drawn(given.clips, given.words, given.width, 4)
    print(
        f"{given.clips} clips of {given.positions}, texts of {given.words}, {given.threads} threads, half {given.half}"
    )
    for part, other in ((TokenSoftmax(), words), (DiagonalMatch(), beside)):
        plain, ours = measured(part, clips, other, given.rounds, half=given.half)
        print(f"{part.part_name:16s} {PLAIN} {plain:6.2f} s, {OURS} {ours:6.2f} s: {plain / ours:5.2f} x")


if __name__ == "__main__":
    main()
