"""Plots of statistics as SVG text: the same bytes for the same data, and readable on a light and on a dark page."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from mmpt_sign.errors import NotInstalledError
from mmpt_sign.look.limbs import PARTS

if TYPE_CHECKING:
    from mmpt_sign.look.counts import Row
    from mmpt_sign.look.statistics import Statistics

INK = "#1b1b1c"  # text and axes; a page replaces it by its own colour of text
COLOURS = ("#3d7fbf", "#e0912f", "#2f9e77", "#b5679b", "#8c8c8c", "#c9a227")  # told apart by colour-blind eyes too
PART_COLOURS = {
    "body": "#8c8c8c", "face": "#c9a227", "left_hand": "#d9622b", "right_hand": "#3d7fbf", "other": "#b5679b",
}  # fmt: skip
MOST_LANGUAGES, MOST_IN_MAP = 40, 45
STEEP = 50  # times more clips than the rarest: the axis becomes logarithmic


@dataclass(frozen=True, slots=True)
class Plot:
    """One picture, what it shows, and the same in words for those who cannot see it."""

    name: str
    title: str
    words: str
    svg: str


def plots(statistics: Statistics) -> list[Plot]:
    """Every plot that these data have something for."""
    made = (_lengths, _languages, _texts, _signers, _seen, _confidences, _shared)
    return [plot for make in made if (plot := make(statistics)) is not None]


def _lengths(statistics: Statistics) -> Plot | None:
    rows = [row for row in statistics.histograms if row["what"] == "frames" and row["count"]]
    if not rows:
        return None

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        _stacked(axes, [row for row in statistics.histograms if row["what"] == "frames"], statistics.splits)
        axes.set(xlabel="frames", ylabel="clips")
        _legend(axes, statistics.splits)

    total = statistics.total
    words = (
        f"Clips have {total['frames_min']} to {total['frames_max']} frames, {total['frames_median']:g} in the median."
    )
    return Plot("lengths", "Length of clips", words, _svg("lengths", draw))


def _languages(statistics: Statistics) -> Plot | None:
    often = [str(row["language"]) for row in statistics.languages][:MOST_LANGUAGES]
    if len(often) < 2:
        return None
    counts = Counter((record.sign_language, record.split) for record in statistics.given.records)

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        left = np.zeros(len(often))
        for split, colour in zip(statistics.splits, _cycled(len(statistics.splits)), strict=True):
            width = np.array([counts[language, split] for language in often])
            axes.barh(range(len(often)), width, left=left, color=colour, label=split)
            left += width
        axes.set_yticks(range(len(often)), labels=often)
        axes.set_ylim(len(often) - 0.5, -0.5)
        axes.set(xlabel="clips")
        _legend(axes, statistics.splits)

    first = statistics.languages[0]
    words = f"{len(statistics.languages)} sign languages; most clips, {first['count']}, are in {first['language']}."
    return Plot("languages", "Clips per sign language", words, _svg("languages", draw, height=1.2 + 0.2 * len(often)))


def _texts(statistics: Statistics) -> Plot | None:
    counts = [int(row["clips"]) for row in statistics.texts]
    words = f"{len(counts)} texts; the most frequent has {counts[0]} clips, {counts.count(1)} have one alone."
    return Plot("texts", "Clips per text", words, _svg("texts", lambda figure: _ranked(figure, counts, "texts")))


def _signers(statistics: Statistics) -> Plot | None:
    counts = sorted(Counter(record.signer for record in statistics.given.records if record.signer).values())[::-1]
    if len(counts) < 2:
        return None
    words = f"{len(counts)} signers with {counts[-1]} to {counts[0]} clips each."
    return Plot(
        "signers", "Clips per signer", words, _svg("signers", lambda figure: _ranked(figure, counts, "signers"))
    )


def _seen(statistics: Statistics) -> Plot | None:
    clips = statistics.looks.clips.values()
    means = {
        part: np.mean([look.seen[part] for look in clips if part in look.seen])
        for part in PARTS
        if any(part in look.seen for look in clips)
    }
    words = "; ".join(f"{part.replace('_', ' ')} in {mean:.0%}" for part, mean in means.items())
    words = f"Share of the frames of a clip in which a part is seen, on average: {words}."
    return _by_part(statistics, "seen", "What is seen", words, ("share of frames", "clips"))


def _confidences(statistics: Statistics) -> Plot | None:
    words = "How sure the estimator is of single points, and how many it did not find (at 0)."
    return _by_part(statistics, "confidence", "Confidence of points", words, ("confidence", "points"))


def _by_part(statistics: Statistics, what: str, title: str, words: str, labels: tuple[str, str]) -> Plot | None:
    rows = [row for row in statistics.histograms if row["what"] == what]
    parts = [part for part in PARTS if any(row["of"] == part for row in rows)]
    if not parts:
        return None

    def draw(figure: Any) -> None:
        grid = figure.subplots(1, len(parts), squeeze=False, sharex=True)[0]
        for axes, part in zip(grid, parts, strict=True):
            own = [row for row in rows if row["of"] == part]
            low, width = [row["from"] for row in own], [row["to"] - row["from"] for row in own]
            counts = [row["count"] for row in own]
            axes.bar(low, counts, width, align="edge", color=PART_COLOURS[part])
            axes.set(xlabel=labels[0], title=part.replace("_", " "), xlim=(0, 1))
        grid[0].set(ylabel=labels[1])

    return Plot(what, title, words, _svg(what, draw, height=2.4))


def _shared(statistics: Statistics) -> Plot | None:
    names, counts = statistics.texts_between_languages
    if len(names) < 3:
        return None
    names, matrix = names[:MOST_IN_MAP], np.array(counts)[:MOST_IN_MAP, :MOST_IN_MAP]
    share = matrix / np.maximum(np.minimum(matrix.diagonal()[:, None], matrix.diagonal()[None]), 1)

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        image = axes.imshow(share, cmap="YlGnBu", vmin=0, vmax=1)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_ticks(range(len(names)), labels=names)
        axes.tick_params(axis="x", rotation=90)
        bar = figure.colorbar(image, ax=axes, shrink=0.7, label="of the texts of the smaller one")
        bar.solids.set_rasterized(False)

    size = 2.6 + 0.16 * len(names)
    words = "Share of the texts of the smaller of two sign languages that the other one has too."
    return Plot("shared_texts", "Texts that sign languages share", words, _svg("shared_texts", draw, size + 1, size))


def _stacked(axes: Any, rows: Sequence[Row], splits: Sequence[str]) -> None:
    below = None
    for split, colour in zip(splits, _cycled(len(splits)), strict=True):
        own = [row for row in rows if row["of"] == split]
        counts = np.array([row["count"] for row in own])
        below = np.zeros(len(own)) if below is None else below
        width = [row["to"] - row["from"] for row in own]
        axes.bar([row["from"] for row in own], counts, width, bottom=below, align="edge", color=colour, label=split)
        below = below + counts


def _ranked(figure: Any, counts: Sequence[int], of: str) -> None:
    """Counts from the most frequent to the rarest."""
    axes = figure.add_subplot()
    axes.fill_between(range(len(counts) + 1), [*counts, counts[-1]], step="post", color=COLOURS[0], linewidth=0)
    axes.set(xlabel=f"{of}, most frequent first", ylabel="clips", xlim=(0, len(counts)))
    if counts[0] > STEEP * counts[-1]:
        axes.set_yscale("log")
    else:
        axes.set_ylim(0)


def _legend(axes: Any, splits: Sequence[str]) -> None:
    if len(splits) > 1:
        axes.legend(frameon=False)


def _cycled(count: int) -> list[str]:
    return [COLOURS[index % len(COLOURS)] for index in range(count)]


def _svg(name: str, draw: Callable[[Any], None], width: float = 7.0, height: float = 3.0) -> str:
    """The picture without date and with ids of its own, so that several fit into one page."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise NotInstalledError("matplotlib", "plot") from error
    style: Any = {
        "svg.fonttype": "none", "svg.hashsalt": name, "font.family": "sans-serif", "font.size": 9,
        "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 9, "text.parse_math": False,
        **dict.fromkeys(("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color"), INK),
    }  # fmt: skip
    with mpl.rc_context(style):
        figure = Figure(figsize=(width, height), layout="constrained")
        draw(figure)
        buffer = BytesIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue().decode()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text[text.index("<svg") :], flags=re.DOTALL)
    return re.sub(r'<g id="[^"]*"', "<g", text)  # the same in every picture, and nothing points at them
