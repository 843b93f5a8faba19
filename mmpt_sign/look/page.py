"""All statistics on one page that needs no network: facts, remarks, plots, tables that a screen reader can walk."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from mmpt_sign.files import write_text
from mmpt_sign.look.plots import INK, Plot

if TYPE_CHECKING:
    from mmpt_sign.look.counts import Row
    from mmpt_sign.look.statistics import Matrix, Statistics

HERE = Path(__file__).parent
MOST_ROWS = 200  # of a table on the page; the CSV file beside it has all
FACTS = {
    "clips": "clips", "hours": "hours", "signs": "signs", "texts": "texts", "signers": "signers",
    "sign_languages": "sign languages", "frames_median": "frames, median",
}  # fmt: skip
SPLIT_COLUMNS = ("set", "split", "clips", "hours", "signers", "signs", "texts", "frames_median", "unreadable")
LANGUAGE_COLUMNS = ("sign_language", "text_language", "split", "clips", "hours", "signers", "signs", "texts")


def write_page(path: Path, statistics: Statistics, plots: Sequence[Plot]) -> Path:
    """The page as one file."""
    template = Template((HERE / "page.html").read_text(encoding="utf-8"))
    return write_text(
        path,
        template.substitute(
            title=escape(statistics.given.name),
            style=(HERE / "page.css").read_text(encoding="utf-8"),
            lead=_lead(statistics),
            facts=_facts(statistics),
            remarks=_remarks(statistics),
            plots=_figures(plots),
            tables=_tables(statistics),
        ),
    )


def _lead(statistics: Statistics) -> str:
    read, all_of_them = len(statistics.looks.clips), len(statistics.given.records)
    whole = "every clip was read" if read == all_of_them else f"{read} of {all_of_them} clips were read whole"
    return f"{escape(whole[0].upper() + whole[1:])}. The tables are CSV files beside this page."


def _facts(statistics: Statistics) -> str:
    boxes = "".join(
        f"<div><dt>{label}</dt><dd>{_shown(statistics.total[key])}</dd></div>"
        for key, label in FACTS.items()
        if statistics.total[key]
    )
    return f'<dl class="facts">{boxes}</dl>'


def _remarks(statistics: Statistics) -> str:
    if not statistics.remarks:
        return ""
    items = "".join(f"<li>{escape(remark)}</li>" for remark in statistics.remarks)
    return f'<h2>Worth knowing</h2>\n<ul class="remarks">{items}</ul>'


def _figures(plots: Sequence[Plot]) -> str:
    if not plots:
        return '<p class="quiet">Made without plots.</p>'
    return '<div class="plots">' + "\n".join(map(_figure, plots)) + "</div>"


def _figure(plot: Plot) -> str:
    svg = plot.svg.replace(INK, "currentColor").replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
    return f"<figure><h3>{escape(plot.title)}</h3>\n{svg}\n<figcaption>{escape(plot.words)}</figcaption></figure>"


def _tables(statistics: Statistics) -> str:
    parts = [
        _table("Splits", SPLIT_COLUMNS, statistics.by_split),
        _square("Texts that two splits have in common", statistics.texts_between_splits),
        _square("Signers that two splits have in common", statistics.signers_between_splits),
        _table("Languages", LANGUAGE_COLUMNS, statistics.by_language),
        _table("Most frequent texts", ("text", "clips", "signers", "sign_languages", "splits"), statistics.texts),
        _table("Duplicates", ("kind", "clips", "ids", "splits", "texts"), statistics.duplicates),
        _table(
            "Clips that cannot be read",
            ("id", "problem"),
            [{"id": name, "problem": problem} for name, problem in statistics.looks.unreadable.items()],
        ),
    ]
    return "\n".join(part for part in parts if part)


def _square(title: str, matrix: Matrix) -> str:
    names, counts = matrix
    if len(names) < 2:
        return ""
    rows = [{" ": name, **dict(zip(names, row, strict=True))} for name, row in zip(names, counts, strict=True)]
    return _table(title, (" ", *names), rows)


def _table(title: str, columns: Sequence[str], rows: Sequence[Row]) -> str:
    """A folded table; its first column names the rows."""
    if not rows:
        return ""
    numbers = {column for column in columns if all(not isinstance(row.get(column), str) for row in rows)}
    head = "".join(f'<th scope="col"{_kind(c, numbers)}>{escape(c.replace("_", " "))}</th>' for c in columns)
    body = "\n".join(_row(columns, row, numbers) for row in rows[:MOST_ROWS])
    more = f", the first {MOST_ROWS} of {len(rows)}" if len(rows) > MOST_ROWS else ""
    label = f"{title}{more}"
    table = f"<table><caption>{escape(label)}</caption><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"
    is_open = " open" if len(rows) <= 12 else ""
    scroll = f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label, quote=True)}">{table}</div>'
    return f"<details{is_open}><summary>{escape(title)} ({len(rows)})</summary>{scroll}</details>"


def _row(columns: Sequence[str], row: Row, numbers: set[str]) -> str:
    first, *rest = columns
    cells = "".join(f"<td{_kind(column, numbers)}>{_shown(row.get(column))}</td>" for column in rest)
    return f'<tr><th scope="row"{_kind(first, numbers)}>{_shown(row.get(first))}</th>{cells}</tr>'


def _kind(column: str, numbers: set[str]) -> str:
    return ' class="number"' if column in numbers else ""


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.2f}" if value < 10 and value != int(value) else f"{value:,.1f}".removesuffix(".0")
    return f"{value:,}" if isinstance(value, int) else escape(str(value))
