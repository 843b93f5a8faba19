"""Our figures in the columns of the papers' own tables, the published ones and the difference beside them.

``results/published.csv`` holds the figures of the papers as data: which table, which project of ours reproduces it,
which data set, which experiment.  A table with several data sets in a row gives each its prefix, told by its name.
Tables of isolated signs ask for precision from text to video and count as SignCLIP did, those of sentences for recall
and count as CiCo did.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mmpt_sign.errors import DataError
from mmpt_sign.evaluation.intervals import mean_and_ends
from mmpt_sign.evaluation.run_tree import Measured
from mmpt_sign.files import read_csv, write_csv

PUBLISHED = "published.csv"
HERE = Path("results")  # where a clone has it
BOTH = {
    "T2V_Median R": ("text_to_video", "MedR"),
    **{f"V2T_R@{k}": ("video_to_text", f"R@{k}") for k in (1, 5, 10)},
    "V2T_Median R": ("video_to_text", "MedR"),
}
OF_SIGNS = {**{f"T2V_P@{k}": ("text_to_video", f"P@{k}") for k in (1, 5, 10)}, **BOTH}
OF_SENTENCES = {**{f"T2V_R@{k}": ("text_to_video", f"R@{k}") for k in (1, 5, 10)}, **BOTH}
FIGURES = (*OF_SENTENCES, *OF_SIGNS)
PREFIXES = {"asl_signs": "AS ", "asl_citizen": "AC ", "sem_lex": "SL "}  # of a data set that is not the table's own
ZERO_SHOT = "_zs"
IN_VOCABULARY = "seen meanings"  # the published zero-shot figures leave out glosses that training never had
Seeds = Sequence[Measured]


class Table:
    """One published table: its rows, and its data sets, of which the first is its own where rows have several."""

    def __init__(self, name: str, rows: Sequence[Mapping[str, str]]) -> None:
        self.name = name
        self.projects = {row["project"] for row in rows}
        self.datasets = list(dict.fromkeys(row["dataset"] for row in rows))
        self.known = {(row["dataset"], row["name"]): row for row in rows}
        self.wide = len(self.known) > len({row["name"] for row in rows})  # several data sets in a row
        of_sentences = any(row["T2V_R@1"] for row in rows)
        self.figures = OF_SENTENCES if of_sentences else OF_SIGNS
        self.mode = "cico" if of_sentences else "legacy"

    def is_own(self, dataset: str) -> bool:
        """Whether the columns of a data set have no prefix."""
        return not self.wide or dataset == self.datasets[0]

    def prefix(self, dataset: str) -> str:
        """Of the columns of a data set."""
        return "" if self.is_own(dataset) else PREFIXES.get(dataset, f"{dataset} ")

    def columns(self) -> tuple[str, ...]:
        """As in the original, then ours."""
        prefixes = dict.fromkeys(map(self.prefix, self.datasets))
        own = tuple(f"{prefix}{column}" for prefix in prefixes for column in self.figures)
        last = ("#params", "time", "notes") if self.wide else ("notes",)
        more = tuple(f"{column}_{what}" for what in ("published", "difference", "low", "high") for column in own)
        return ("name", *own, *last, *more, *(("time_published",) if self.wide else ()), "seeds")

    def has_place_for(self, seeds: Seeds, all_projects: set[str]) -> bool:
        """Plain test rows, counted as published: of the table's own project, or of anybody's on its own data set."""
        values = seeds[0].values
        plain = values["mode"] == self.mode and values["split"] == "test" and values.get("candidates") == "split"
        own = self.is_own(values["dataset"])
        variants = ("",) if own else ("", IN_VOCABULARY)
        if not plain or values.get("within") or (values.get("variant") or "") not in variants:
            return False
        project = seeds[0].run.experiment.rpartition("/")[0]
        return values["dataset"] in self.datasets and (
            project in self.projects or (own and project not in all_projects)
        )

    def rows(self, asked: Iterable[Seeds]) -> list[dict[str, Any]]:
        """One row per experiment, of a table of several data sets all of them together."""
        grouped: dict[tuple[str, str], list[Seeds]] = {}
        for seeds in asked:
            name = self._row_name(seeds[0])
            grouped.setdefault((seeds[0].run.experiment, name), []).append(seeds)
        return [self._row(name, parts) for (_, name), parts in grouped.items()]

    def _row_name(self, one: Measured) -> str:
        """Zero-shot figures stand in the row of their experiment, tests of something else in one of their own."""
        plain = f"{one.values['dataset']}_{one.values['split']}_test_"
        if not self.is_own(one.values["dataset"]) and not one.evaluation.startswith(plain):
            return one.run.experiment.rpartition("/")[2]  # a task of the experiment's own test, whatever its label
        return one.name.replace(ZERO_SHOT, "") if self.wide else one.name

    def _row(self, name: str, parts: Sequence[Seeds]) -> dict[str, Any]:
        first = parts[0][0].run
        count = max(map(len, parts))
        remarks = [first.notes, f"mean of {count} seeds" if count > 1 else ""]
        row: dict[str, Any] = {"name": name, "notes": "; ".join(remark for remark in remarks if remark), "seeds": count}
        for dataset in self.datasets:
            published = self.known.get((dataset, name), {})
            of_dataset = [seeds for seeds in parts if seeds[0].values["dataset"] == dataset]
            if not self.wide and not of_dataset:
                continue
            of_dataset.sort(key=lambda seeds: seeds[0].values.get("variant") != IN_VOCABULARY)
            row |= self._figures(self.prefix(dataset), of_dataset, published)
        if self.wide:
            published = self.known.get((self.datasets[0], name), {})
            row |= {"#params": first.parameters, "time": _hours(first.hours)}
            row["time_published"] = published.get("time", "")
        return row

    def _figures(self, prefix: str, parts: Sequence[Seeds], published: Mapping[str, str]) -> dict[str, Any]:
        row: dict[str, Any] = {}
        for figure, (direction, metric) in self.figures.items():
            column = f"{prefix}{figure}"
            seeds = next((seeds for seeds in parts if seeds[0].values["direction"] == direction), ())
            values = [float(one.values[metric]) for one in seeds if one.values.get(metric)]
            row |= {name: round(value, 4) for name, value in mean_and_ends(column, values).items()}
            if published.get(figure):
                row[f"{column}_published"] = float(published[figure])
                if values:
                    row[f"{column}_difference"] = round(row[column] - row[f"{column}_published"], 4)
        return row


def tables(path: Path) -> list[Table]:
    """The published tables, by name; none where the file is absent."""
    if not path.is_file():
        return []
    rows = read_csv(path)
    needed = {"table", "project", "dataset", "name", *FIGURES}
    if not rows or needed - set(rows[0]):
        lacking = ", ".join(sorted(needed - set(rows[0] if rows else ())))
        raise DataError(f"{path}: lacks the columns {lacking}; take the file that ships with the project")
    names = sorted({row["table"] for row in rows})
    return [Table(name, [row for row in rows if row["table"] == name]) for name in names]


def write_beside(out: Path, questions: Sequence[Seeds]) -> list[Path]:
    """``results_<table>.csv`` for every published table that we have a figure for.

    The published figures are read beside them, else in ``results`` of the working directory.
    """
    known = tables(next((place for place in (out, HERE) if (place / PUBLISHED).is_file()), out) / PUBLISHED)
    projects = {project for table in known for project in table.projects}
    written = []
    for table in known:
        rows = table.rows(seeds for seeds in questions if table.has_place_for(seeds, projects))
        if rows:
            written.append(write_csv(out / f"results_{table.name}.csv", table.columns(), rows))
    return written


def _hours(hours: float | None) -> str:
    if hours is None:
        return ""
    return f"{hours:.0f} h" if hours >= 10 else f"{hours:.1f} h" if hours >= 0.1 else f"{hours * 60:.0f} min"
