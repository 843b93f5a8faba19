"""Pictures of evaluations: the one door to matplotlib, so that a job without it still writes all its tables."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import NotInstalledError
from mmpt_sign.files import complete

Interval = tuple[float, float]
Line = tuple[Sequence[float], Sequence[float], Sequence[float] | None, Sequence[float] | None]  # x, y, low, high

MOST_BARS = 40
MOST_COLOURS = 20


def draw(picture: Callable[..., object], *given: Any, **options: Any) -> None:
    """Draw a picture; where matplotlib is absent say so in one line, once, and go on."""
    try:
        picture(*given, **options)
    except NotInstalledError as error:
        _say(f"no pictures: {error}")


@cache
def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


@contextmanager
def axes(path: Path, width: float = 6.4, height: float = 4.0) -> Iterator[Any]:
    """Axes that become the file ``path`` when the block ends well."""
    try:
        from matplotlib.figure import Figure  # without pyplot: no window, no state shared with the caller's own plots
    except ImportError as error:
        raise NotInstalledError("matplotlib", "plot") from error
    figure = Figure(figsize=(width, height), layout="constrained")
    yield figure.add_subplot()
    with warnings.catch_warnings(), complete(path) as fresh:
        warnings.filterwarnings("ignore", message="Glyph")  # a script that the font lacks is no reason to complain
        figure.savefig(fresh, dpi=120)


def plain(text: object, longest: int = 40) -> str:
    """A label as it is: no formula between dollar signs, and not longer than its picture."""
    label = str(text)
    return (label if len(label) <= longest else label[: longest - 1] + "…").replace("$", r"\$")


def curves(
    path: Path, lines: Mapping[str, Line], x: str, y: str, title: str = "", *, log_x: bool = False, unit: bool = True
) -> Path:
    """Named lines, each with its interval where it has one; ``unit``: y is a share."""
    with axes(path) as chart:
        for name, (xs, ys, low, high) in lines.items():
            (drawn,) = chart.plot(xs, ys, marker="o" if len(xs) < 30 else "", markersize=3, label=plain(name))
            if low is not None and high is not None:
                chart.fill_between(xs, low, high, color=drawn.get_color(), alpha=0.15, linewidth=0)
        if log_x:
            chart.set_xscale("log")
        if unit:
            chart.set_ylim(0, 1.02)
        chart.set(xlabel=x, ylabel=y, title=plain(title, 70))
        chart.grid(alpha=0.3)
        if lines:
            chart.legend(fontsize=8)
    return path


def recall_curve(path: Path, ranks: Mapping[str, NDArray[Any]], title: str = "", deepest: int = 50) -> Path:
    """Share of the queries whose rank is at most k, for every k up to ``deepest``."""
    lines: dict[str, Line] = {}
    for name, rank in ranks.items():
        if not len(rank):
            continue
        depths = np.arange(1, max(2, min(deepest, int(np.max(rank, initial=1)))) + 1)
        lines[name] = (depths.tolist(), [float(np.mean(rank <= k)) for k in depths], None, None)
    return curves(path, lines, "k", "recall at k", title)


def bars(
    path: Path,
    values: Mapping[str, float],
    y: str,
    title: str = "",
    ends: Mapping[str, tuple[float, float]] | None = None,
) -> Path:
    """One bar per name, lowest first; of very many names the lowest and the highest."""
    names = sorted(values, key=lambda name: (values[name], name))
    if len(names) > MOST_BARS:
        names = names[: MOST_BARS // 2] + names[-MOST_BARS // 2 :]
    with axes(path, height=max(2.0, 0.22 * len(names) + 1)) as chart:
        places = range(len(names))
        chart.barh(places, [values[name] for name in names], color="#4477aa")
        known = [(place, values[name], *ends[name]) for place, name in enumerate(names) if ends and name in ends]
        if known:
            at, middle, low, high = (np.array(column) for column in zip(*known, strict=True))
            spread = np.maximum([middle - low, high - middle], 0)
            chart.errorbar(middle, at, xerr=spread, fmt="none", ecolor="#222222", elinewidth=1)
        chart.set_yticks(places, labels=[plain(name) for name in names], fontsize=8)
        chart.set(xlabel=y, title=plain(title, 70))
    return path


def heat_map(
    path: Path, matrix: NDArray[Any], rows: Sequence[str], columns: Sequence[str], x: str, y: str, title: str = ""
) -> Path:
    """A matrix of shares with the names of its rows and columns."""
    size = 0.24 * max(len(rows), len(columns)) + 2.5
    with axes(path, size + 1, size) as chart:
        image = chart.imshow(matrix, cmap="Blues", vmin=0, vmax=max(1.0, float(np.nanmax(matrix, initial=0))))
        chart.set_xticks(range(len(columns)), labels=[plain(name, 24) for name in columns], rotation=90, fontsize=7)
        chart.set_yticks(range(len(rows)), labels=[plain(name, 24) for name in rows], fontsize=7)
        chart.set(xlabel=x, ylabel=y, title=plain(title, 70))
        chart.figure.colorbar(image, ax=chart, shrink=0.7)
    return path


def scatter(path: Path, places: NDArray[Any], groups: Sequence[str], title: str = "") -> Path:
    """Points (N, 2) coloured by group; the rarest of very many groups share one colour."""
    names, counts = np.unique(np.asarray(groups, np.str_), return_counts=True)
    often = [str(names[i]) for i in np.argsort(-counts, kind="stable")[: MOST_COLOURS - 1]]
    with axes(path, 7.5, 6.0) as chart:
        from matplotlib import colormaps

        label = np.array([group if group in often else "other" for group in groups])
        for number, name in enumerate([*often, *({"other"} & set(label.tolist()))]):
            chosen = places[label == name]
            colour = colormaps["tab20"](number % MOST_COLOURS)
            chart.scatter(chosen[:, 0], chosen[:, 1], s=9, color=colour, label=plain(name, 24), linewidths=0)
        chart.set(xticks=[], yticks=[], title=plain(title, 70))
        if len(often) > 1:
            chart.legend(fontsize=6, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return path
