"""The results as a page to read: the same tables in Markdown and in HTML that needs nothing but a browser."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmpt_sign.evaluation.published import FIGURES
from mmpt_sign.files import read_csv, write_text

TITLE = "Results"
NOTE = (
    "Made from the runs by mmpt-sign results. Shares in percent; an interval is the 95 % t-interval over seeds. "
    "MedR: median rank, lower is better."
)
STYLE = """
body{font:15px/1.4 system-ui,sans-serif;margin:2rem;color:#222;background:#fff}
table{border-collapse:collapse;margin:1rem 0 2rem}
th,td{padding:.25rem .6rem;border-bottom:1px solid #ddd;text-align:right;white-space:nowrap}
th{border-bottom:2px solid #888}
td.text,th.text{text-align:left;white-space:normal}
"""


@dataclass(frozen=True, slots=True)
class Page:
    """One table with its heading; ``texts`` is how many columns from the left are words."""

    heading: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    texts: int


def write_pages(
    out: Path, summary: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]], beside: Iterable[Path]
) -> list[Path]:
    """``results.md`` and ``results.html``."""
    pages = [_published(path) for path in beside]
    pages += [_retrieval(summary)] if summary else []
    pages += [_figures(others)] if others else []
    return [write_text(out / "results.md", _markdown(pages)), write_text(out / "results.html", _html(pages))]


def _retrieval(summary: Sequence[Mapping[str, Any]]) -> Page:
    columns = (
        "experiment",
        "evaluation",
        "direction",
        "asked",
        "queries",
        "seeds",
        "R@1",
        "95 %",
        "R@5",
        "R@10",
        "MedR",
    )
    rows = [
        (
            str(row["experiment"]), str(row["evaluation"]), str(row["direction"]).replace("_to_", " to "), _asked(row),
            str(row["n_queries"]), str(row["n_seeds"]), _percent(row, "R@1"), _between(row),
            _percent(row, "R@5"), _percent(row, "R@10"), _number(row.get("MedR")),
        )
        for row in summary
    ]  # fmt: skip
    return Page("Retrieval", columns, rows, 4)


def _asked(row: Mapping[str, Any]) -> str:
    """Whatever differs from the plain strict question."""
    candidates = "" if row.get("candidates") == "split" else str(row.get("candidates", ""))
    within = f"within {row['within']}" if row.get("within") else ""
    gallery = "groups" if row.get("gallery") == "group" else ""
    mode = "" if row["mode"] == "strict" else str(row["mode"])
    return ", ".join(part for part in (mode, candidates, within, gallery, str(row.get("variant") or "")) if part)


def _figures(others: Sequence[Mapping[str, Any]]) -> Page:
    columns = ("experiment", "evaluation", "task", "figure", "seeds", "value", "low", "high")
    rows = [
        (*(str(row[name]) for name in columns[:4]), str(row["n_seeds"]),
         *(_number(row.get(name)) for name in ("value", "value_low", "value_high")))
        for row in others
    ]  # fmt: skip
    return Page("Other evaluations", columns, rows, 4)


def _published(path: Path) -> Page:
    """Ours, published, difference, for the columns that have any of them."""
    rows = read_csv(path)
    shown = [column for column in rows[0] if column.endswith(tuple(FIGURES)) and any(row[column] for row in rows)]
    cells = [(row["name"], *(_beside(row, column) for column in shown), row["seeds"], row["notes"]) for row in rows]
    return Page(f"Beside the published table: {path.stem}", ("name", *shown, "seeds", "notes"), cells, 1)


def _beside(row: Mapping[str, str], column: str) -> str:
    published, difference = row[f"{column}_published"], row[f"{column}_difference"]
    if not published:
        return _number(row[column])
    sign = f" ({float(difference):+.4g})" if difference else ""
    return f"{_number(row[column]) or '-'} / {_number(published)}{sign}"


def _percent(row: Mapping[str, Any], name: str) -> str:
    return f"{100 * row[name]:.1f}" if name in row else ""


def _between(row: Mapping[str, Any]) -> str:
    return f"{100 * row['R@1_low']:.1f} to {100 * row['R@1_high']:.1f}" if "R@1_low" in row else ""


def _number(value: Any) -> str:
    return "" if value in (None, "") else f"{float(value):.4g}"


def _markdown(pages: Sequence[Page]) -> str:
    parts = [f"# {TITLE}\n\n{NOTE}\n"]
    for page in pages:
        rules = ["---" if i < page.texts else "---:" for i in range(len(page.columns))]
        lines = [page.columns, rules, *page.rows]
        table = "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)
        parts.append(f"## {page.heading}\n\n{table}\n")
    return "\n".join(parts)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _html(pages: Sequence[Page]) -> str:
    body = "\n".join(
        f"<h2>{html.escape(page.heading)}</h2>\n<table>\n{_row(page.columns, 'th', page.texts)}\n"
        + "\n".join(_row(row, "td", page.texts) for row in page.rows)
        + "\n</table>"
        for page in pages
    )
    head = f'<meta charset="utf-8"><title>{TITLE}</title><style>{STYLE}</style>'
    start = f'<!doctype html>\n<html lang="en"><head>{head}</head>\n'
    return f"{start}<body><h1>{TITLE}</h1>\n<p>{NOTE}</p>\n{body}\n</body></html>\n"


def _row(cells: Sequence[str], tag: str, texts: int) -> str:
    kinds = [' class="text"' if i < texts else "" for i in range(len(cells))]
    inside = "".join(f"<{tag}{kind}>{html.escape(cell)}</{tag}>" for kind, cell in zip(kinds, cells, strict=True))
    return f"<tr>{inside}</tr>"
