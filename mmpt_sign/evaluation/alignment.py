"""How well the frames that a model finds for each word agree with the true ones, and how an alignment is shown."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.evaluation.plots import axes, plain
from mmpt_sign.files import write_csv, write_text

if TYPE_CHECKING:
    from mmpt_sign.inference.alignment import AlignedWord, Alignment

Frames = tuple[int, int]  # the first one, and the one behind the last
TrueSpan = tuple[str, int, int]  # a word, its first frame, the one behind its last
WORD_COLUMNS = ("word", "start", "end", "first_frame", "last_frame", "score", "attention")


def overlap(one: Frames, other: Frames) -> float:
    """Frames in both, divided by frames in either."""
    both = max(0, min(one[1], other[1]) - max(one[0], other[0]))
    return both / max(one[1] - one[0] + other[1] - other[0] - both, 1)


def matched(words: Sequence[str], true: Sequence[TrueSpan]) -> list[tuple[int, int]]:
    """Row of the alignment and place among the true spans of each word, the n-th of a word with its n-th span."""
    left = [word.casefold() for word in words]
    pairs = []
    for place, (word, _, _) in enumerate(true):
        if word.casefold() in left:
            row = left.index(word.casefold())
            left[row] = ""  # words are never empty
            pairs.append((row, place))
    return pairs


def frames_answered(
    alignment: Alignment, true: Sequence[TrueSpan], pairs: Sequence[tuple[int, int]]
) -> NDArray[np.bool_]:
    """Of every frame of a known word: whether that word gets most of its attention."""
    best = alignment.at_frames().argmax(0)
    found = [best[true[place][1] : true[place][2]] == row for row, place in pairs]
    return np.concatenate([np.zeros(0, bool), *found])


def evenly(words: int, row: int, frames: int) -> Frames:
    """The share of a clip that a word has if all words are equally long and come in the order of the sentence."""
    return round(frames * row / words), max(round(frames * (row + 1) / words), round(frames * row / words) + 1)


def write_alignment(folder: Path, alignment: Alignment) -> list[Path]:
    """``alignment.csv``, ``alignment.json`` with the attention behind it, and ``attention.csv``."""
    spans = alignment.spans
    rows = (
        {"frame": frame, **dict(zip(_distinct(alignment.words), column.tolist(), strict=True))}
        for frame, column in enumerate(alignment.at_frames().T)
    )
    return [
        write_csv(folder / "alignment.csv", WORD_COLUMNS, map(asdict, spans)),
        write_text(folder / "alignment.json", as_json(alignment, spans) + "\n"),
        write_csv(folder / "attention.csv", ("frame", *_distinct(alignment.words)), rows),
    ]


def as_json(alignment: Alignment, spans: Sequence[AlignedWord]) -> str:
    """Frames, rate and words, for programs."""
    content = {"frames": alignment.frames, "fps": alignment.fps, "words": [asdict(span) for span in spans]}
    return json.dumps(content, indent=1, ensure_ascii=False)


def draw_alignment(path: Path, alignment: Alignment, true: Sequence[TrueSpan] = (), title: str = "") -> Path:
    """Attention of every word over time, the span of each framed, true spans where they are known as lines below."""
    words, fps = alignment.words, alignment.fps
    with axes(path, min(4 + alignment.frames / fps, 14.0), 1.6 + 0.3 * len(words)) as chart:
        from matplotlib.patches import Rectangle

        seconds = alignment.frames / fps
        extent = (0, seconds, len(words) - 0.5, -0.5)
        image = chart.imshow(alignment.at_frames(), aspect="auto", cmap="Blues", vmin=0, vmax=1, extent=extent)
        for row, span in enumerate(alignment.spans):
            size = span.end - span.start
            chart.add_patch(
                Rectangle((span.start, row - 0.45), size, 0.9, fill=False, edgecolor="#cc3311", linewidth=1)
            )
        for row, place in matched(words, true):
            _, first, behind = true[place]
            chart.plot([first / fps, behind / fps], [row + 0.38] * 2, color="#228833", linewidth=3)
        chart.set_yticks(range(len(words)), labels=[plain(word, 24) for word in words])
        chart.set(xlabel="seconds", title=plain(title, 70))
        chart.figure.colorbar(image, ax=chart, label="attention")
    return path


def _distinct(words: Sequence[str]) -> list[str]:
    """Names of columns; a word that stands twice gets its number."""
    return [word if words.count(word) == 1 else f"{word} {words[: i + 1].count(word)}" for i, word in enumerate(words)]


def summary(rows: Sequence[dict[str, Any]], answered: NDArray[np.bool_], at_random: float) -> dict[str, float]:
    """Headline figures over all words of all clips, each beside what needs no model."""
    return {
        "mean_overlap": _mean([row["overlap"] for row in rows]),
        "hit@0.5": _mean([row["overlap"] >= 0.5 for row in rows]),
        "pointing": _mean([row["pointed"] for row in rows]),
        "frame_accuracy": _mean(answered),
        "even_mean_overlap": _mean([row["even_overlap"] for row in rows]),
        "even_hit@0.5": _mean([row["even_overlap"] >= 0.5 for row in rows]),
        "chance_frame_accuracy": at_random,
        "n_words": len(rows),
    }


def _mean(values: Any) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
