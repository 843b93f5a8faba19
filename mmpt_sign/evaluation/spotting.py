"""Where in a long clip is this sign: windows of several lengths, scored by themselves, the best kept apart.

What: every window is embedded as if it were a clip of its own and compared with the prompt, and with others that it
could be taken for; of windows that overlap the best one stays (non-maximum suppression).
Needs: a model with ``embed_poses``, ``embed_texts`` and ``score``, trained on clips about as long as the windows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import ConfigError
from mmpt_sign.evaluation.plots import axes, plain
from mmpt_sign.evaluation.scores import encoded_texts
from mmpt_sign.files import write_csv
from mmpt_sign.poses.clip import Clip

Windows = NDArray[np.int64]  # (W, 2): first frame, and the one behind the last

MOST_WINDOWS = 200_000


@dataclass(frozen=True, slots=True)
class Span:
    """A place that may hold the sign; ``margin`` is how far it is above the best of the other prompts there."""

    start: float
    end: float
    first_frame: int
    last_frame: int
    score: float
    margin: float | None
    other: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """Every window with its scores (W, prompts); column 0 is the prompt that is looked for."""

    windows: Windows
    scores: NDArray[np.float64]
    prompts: tuple[str, ...]
    fps: float

    @property
    def strength(self) -> NDArray[np.float64]:
        """What ranks windows: the margin where there are other prompts, else the score."""
        if len(self.prompts) == 1:
            return self.scores[:, 0]
        margin: NDArray[np.float64] = self.scores[:, 0] - self.scores[:, 1:].max(axis=1)
        return margin

    def spans(self, k: int, overlap: float = 0.2, at_least: float | None = None) -> list[Span]:
        """The ``k`` best windows of which no two overlap by more than ``overlap``, best first."""
        kept = suppressed(self.windows, self.strength, overlap, k)
        return [self._span(i) for i in kept if at_least is None or self.strength[i] >= at_least]

    def _span(self, i: int) -> Span:
        first, behind = (int(n) for n in self.windows[i])
        rivals = self.scores[i, 1:]
        other = self.prompts[1 + int(np.argmax(rivals))] if len(rivals) else ""
        margin = float(self.strength[i]) if len(rivals) else None
        return Span(first / self.fps, behind / self.fps, first, behind - 1, float(self.scores[i, 0]), margin, other)


def windows_of(frames: int, fps: float, seconds: Sequence[float], stride: float) -> Windows:
    """Windows of each length, ``stride`` seconds apart, the last one at the very end of the clip."""
    if not seconds or not all(0 < one < math.inf for one in (*seconds, stride)):
        raise ConfigError("window lengths and the stride are seconds above 0, and no infinite ones")
    step, *lengths = (max(1, round(min(one * fps, frames))) for one in (stride, *seconds))
    found: dict[tuple[int, int], None] = {}
    for length in sorted({min(frames, length) for length in lengths}):
        if len(found) + (frames - length) // step > MOST_WINDOWS:
            raise ConfigError(f"more than {MOST_WINDOWS} windows: choose a longer stride, or cut the clip")
        found |= {(start, start + length): None for start in [*range(0, frames - length, step), frames - length]}
    return np.array(list(found), np.int64)


def scored(model: Any, clip: Clip, prompts: Sequence[str], seconds: Sequence[float], stride: float) -> Scored:
    """Score every window of a clip for every prompt."""
    distinct = tuple(dict.fromkeys(prompts))
    windows = windows_of(len(clip), clip.fps, seconds, stride)
    cut = (clip.frames(int(first), int(behind)) for first, behind in windows)
    clips = model.encode_poses(cut) if hasattr(model, "encode_poses") else model.embed_poses(cut)
    scores = np.asarray(model.score(clips, encoded_texts(model, distinct)), np.float64)
    return Scored(windows, scores, distinct, clip.fps)


def suppressed(windows: Windows, strength: NDArray[Any], overlap: float, k: int) -> list[int]:
    """Positions of the best windows, best first, without those that overlap a better one too much."""
    left = np.argsort(-strength, kind="stable")
    kept: list[int] = []
    while len(left) and len(kept) < k:
        best = int(left[0])
        kept.append(best)
        left = left[intersection_over_union(windows[left], windows[best]) <= overlap]
        left = left[left != best]
    return kept


def intersection_over_union(windows: Windows, other: Windows) -> NDArray[np.float64]:
    """Of each window (W, 2) with one other: frames in both, divided by frames in either."""
    both = np.minimum(windows[:, 1], other[1]) - np.maximum(windows[:, 0], other[0])
    both = np.maximum(both, 0)
    either = (windows[:, 1] - windows[:, 0]) + (other[1] - other[0]) - both
    shares: NDArray[np.float64] = both / either
    return shares


def joined(clips: Sequence[Clip]) -> Clip:
    """Clips with the same points, one after the other, at the rate of the first."""
    first = clips[0]
    same = [clip if clip.layout == first.layout else clip.take(first.layout.points) for clip in clips]
    return first.with_data(np.concatenate([c.data for c in same]), np.concatenate([c.confidence for c in same]))


def write_spans(path: Path, spans: Sequence[Span]) -> Path:
    """``spans.csv``."""
    return write_csv(path, tuple(Span.__dataclass_fields__), map(asdict, spans))


def write_windows(path: Path, found: Scored) -> Path:
    """``windows.csv``: the score of every window for every prompt."""
    rows = (
        {"start": first / found.fps, "end": behind / found.fps, **dict(zip(found.prompts, row.tolist(), strict=True))}
        for (first, behind), row in zip(found.windows, found.scores, strict=True)
    )
    return write_csv(path, ("start", "end", *found.prompts), rows)


def draw_spans(path: Path, found: Scored, spans: Sequence[Span]) -> Path:
    """Strength over time, one line per window length, the spans shaded."""
    lengths = found.windows[:, 1] - found.windows[:, 0]
    with axes(path, 9.0, 3.2) as chart:
        for length in np.unique(lengths):
            chosen = lengths == length
            middle = found.windows[chosen].mean(axis=1) / found.fps
            chart.plot(middle, found.strength[chosen], linewidth=1, label=f"{length / found.fps:.2g} s")
        for span in spans:
            chart.axvspan(span.start, span.end, color="#ddaa33", alpha=0.3, linewidth=0)
        against = "score" if len(found.prompts) == 1 else "margin"
        chart.set(xlabel="seconds", ylabel=against, title=plain(found.prompts[0], 70))
        chart.legend(fontsize=7, title="window", title_fontsize=7)
    return path
