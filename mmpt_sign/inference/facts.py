"""What is known about a model besides its weights: the data behind it and what was measured on what it never saw.

It is read from the run that trained the model and travels with it, so that an export of an export knows it as well.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from mmpt_sign.config.contracts import Options
from mmpt_sign.errors import MmptSignError
from mmpt_sign.records import SPLITS

if TYPE_CHECKING:
    from mmpt_sign.inference.model import SignModel
    from mmpt_sign.records import Record

NOTE = "about"  # where a stored model keeps this
RUN_CONFIG, METRICS = "config.yaml", "eval/*/metrics.csv"
NEEDED = frozenset(
    ("dataset", "split", "direction", "mode", "checkpoint", "gallery_size", "n_queries", "R@1", "R@5", "R@10", "MedR")
)
_SAFE = re.compile(r"[^\w .,:<>/()+%-]")


class Share(Options):
    """One split of the data."""

    split: str
    clips: int = Field(ge=0)
    sign_languages: tuple[str, ...] = ()
    signers: int = Field(0, ge=0, description="how many are named")
    unnamed: int = Field(0, ge=0, description="clips whose signer is not named")


class Figure(Options):
    """One row of held-out metrics, in per cent."""

    data: str
    direction: str
    queries: int
    candidates: str
    recall_at_1: float
    interval: tuple[float, float] | None = None
    recall_at_5: float
    recall_at_10: float
    median_rank: float


class Facts(Options):
    """Everything that a model card can say by itself."""

    experiment: str = ""
    dataset: dict[str, Any] = Field(default_factory=dict, description="the block as the experiment has it")
    shares: tuple[Share, ...] = ()
    figures: tuple[Figure, ...] = ()
    licence: str | None = None


def facts_of(model: SignModel) -> Facts:
    """From the run around the model, else what the model brought along."""
    run = run_of(model.folder)
    if run is not None:
        return _of_run(run, str(model.notes.get("fingerprint", "")), model.experiment.name)
    try:
        return Facts.model_validate(model.notes.get(NOTE, {}))
    except ValidationError:
        return Facts(experiment=model.experiment.name)


def run_of(folder: Path | None) -> Path | None:
    """The run whose best checkpoint the model in ``folder`` is, if it is one."""
    if folder is None or folder.name != "model" or not (folder.parent / RUN_CONFIG).is_file():
        return None
    return folder.parent


def portable(value: Any) -> Any:
    """A block of YAML without the folders of the machine that it was written on: only their names stay."""
    if isinstance(value, dict):
        return {key: portable(inside) for key, inside in value.items()}
    if isinstance(value, list | tuple):
        return [portable(inside) for inside in value]
    return PurePath(value).name if isinstance(value, str) and PurePath(value).is_absolute() else value


def _of_run(run: Path, fingerprint: str, name: str) -> Facts:
    import yaml

    values = yaml.safe_load((run / RUN_CONFIG).read_text(encoding="utf-8"))
    block = values.get("dataset") if isinstance(values, dict) else None
    dataset = portable(_essential(block)) if isinstance(block, dict) else {}
    tables = sorted(run.glob(METRICS))
    figures = [_figure(row, path.parent.name) for path in tables for row in _rows(path, fingerprint)]
    return Facts(experiment=name, dataset=dataset, shares=_shares(run), figures=tuple(figures))


def _essential(block: dict[str, Any]) -> dict[str, Any]:
    """The block of a data set without what it says by default, that of a combination's parts included."""
    from mmpt_sign.registry import find

    name = str(block.get("name", ""))
    try:
        fields = find("dataset", name).model_fields
    except MmptSignError:
        return block
    usual = {key: field.get_default(call_default_factory=True, validated_data={}) for key, field in fields.items()}
    told = {key: value for key, value in block.items() if key not in usual or value != _plain(usual[key])}
    if isinstance(told.get("parts"), list):
        told["parts"] = [_essential(part) for part in told["parts"]]
    return {"name": name, **{key: value for key, value in told.items() if key != "name"}}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _shares(run: Path) -> tuple[Share, ...]:
    """Of each split; nothing where the data are no longer to be found."""
    from mmpt_sign.inference.collection import records_in

    try:
        records = records_in(run)
    except (MmptSignError, OSError):
        return ()
    splits = [split for split in SPLITS if any(record.split == split for record in records)]
    return tuple(_share(split, [record for record in records if record.split == split]) for split in splits)


def _share(split: str, records: Sequence[Record]) -> Share:
    languages = sorted({record.sign_language for record in records} - {""})
    signers = [record.signer for record in records if record.signer]
    return Share(
        split=split,
        clips=len(records),
        sign_languages=tuple(languages),
        signers=len(set(signers)),
        unnamed=len(records) - len(signers),
    )


def _rows(path: Path, fingerprint: str) -> list[dict[str, str]]:
    """Strict figures of this very checkpoint over whole splits."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = [row for row in rows if not NEEDED - {name for name, value in row.items() if value}]
    return [row for row in known if row["mode"] == "strict" and row["checkpoint"] == fingerprint]


def _figure(row: dict[str, str], folder: str) -> Figure:
    label = folder.removeprefix(f"{row['dataset']}_{row['split']}").strip("_")
    within = f", within each {row['within'].replace('_', ' ')}" if row.get("within") else ""
    variant = "".join(f", {word}" for word in (label, row.get("variant", "")) if word)
    interval = (_per_cent(row["R@1_low"]), _per_cent(row["R@1_high"])) if row.get("R@1_low") else None
    return Figure(
        data=_SAFE.sub("", f"{row['dataset']}, {row['split']} split{within}{variant}"),
        direction=row["direction"].replace("_", " "),
        queries=int(row["n_queries"]),
        candidates=row["gallery_size"],
        recall_at_1=_per_cent(row["R@1"]),
        interval=interval,
        recall_at_5=_per_cent(row["R@5"]),
        recall_at_10=_per_cent(row["R@10"]),
        median_rank=float(row["MedR"]),
    )


def _per_cent(share: str) -> float:
    return round(100 * float(share), 1)
