"""The records that an index is made of: a folder of clips, or the data that a run was trained and tested on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mmpt_sign.datasets._stores import experiment_records
from mmpt_sign.errors import DataError
from mmpt_sign.registry import build

if TYPE_CHECKING:
    from mmpt_sign.records import Record

RUN_CONFIG = "config.yaml"


def records_in(place: Path, split: str | None = None) -> list[Record]:
    """Records of a folder with an ``index.csv``, or of the run folder ``place``; of one split or of all."""
    records = _of_run(place / RUN_CONFIG) if (place / RUN_CONFIG).is_file() else _of_folder(place)
    if not records:
        raise DataError(f"{place}: there are no clips, the table of its data has no rows")
    chosen = [record for record in records if split is None or record.split == split]
    if not chosen:
        known = ", ".join(sorted({record.split for record in records})) or "none"
        raise DataError(f"{place}: no clips of the split '{split}'; splits there: {known}")
    return chosen


def _of_folder(folder: Path) -> list[Record]:
    return list(build("dataset", name="folder", folder=folder).records(None))


def _of_run(config: Path) -> list[Record]:
    """What decides about data and model is read; how it was trained is not, since such options come and go."""
    from mmpt_sign.config.load import experiment_from_values
    from mmpt_sign.config.yaml_file import read_marked
    from mmpt_sign.models.checkpoint import OF_A_MODEL

    values = read_marked(config).values
    known = {key: values[key] for key in (*OF_A_MODEL, "dataset", "data_root") if key in values}
    return experiment_records(experiment_from_values({**known, "init_from": None}, str(config)))
