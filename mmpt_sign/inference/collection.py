"""The records that an index is made of: a folder of clips, or the data that a run was trained and tested on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mmpt_sign.errors import DataError
from mmpt_sign.registry import build

if TYPE_CHECKING:
    from mmpt_sign.records import Record

RUN_CONFIG = "config.yaml"


def records_in(place: Path, split: str | None = None) -> list[Record]:
    """Records of a folder with an ``index.csv``, or of the run folder ``place``; of one split or of all."""
    records = _of_run(place / RUN_CONFIG) if (place / RUN_CONFIG).is_file() else _of_folder(place)
    chosen = [record for record in records if split is None or record.split == split]
    if not chosen:
        known = ", ".join(sorted({record.split for record in records})) or "none"
        raise DataError(f"{place}: no clips of the split '{split}'; splits there: {known}")
    return chosen


def _of_folder(folder: Path) -> list[Record]:
    return list(build("dataset", name="folder", folder=folder).records(None))


def _of_run(config: Path) -> list[Record]:
    import yaml

    from mmpt_sign.config.load import experiment_from_values

    values = yaml.safe_load(config.read_text(encoding="utf-8"))
    values.pop("made_by", None)  # versions and commit, which are no part of an experiment
    experiment = experiment_from_values(values, str(config))
    return list(experiment.dataset.records(experiment.data_root))
