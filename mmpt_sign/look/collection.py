"""What a user points at (an experiment, a data set's name, a folder of clips) as the records behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from mmpt_sign.config.inherit import override
from mmpt_sign.config.load import find_file, load_experiment
from mmpt_sign.config.yaml_file import Marked
from mmpt_sign.datasets._stores import experiment_records
from mmpt_sign.datasets.combined import Combined
from mmpt_sign.errors import ConfigError, DataError
from mmpt_sign.features.manifest import MANIFEST
from mmpt_sign.registry import find, names, nearest
from mmpt_sign.streams.pose import Pose

if TYPE_CHECKING:
    from mmpt_sign.config.contracts import Dataset
    from mmpt_sign.config.schema import Experiment
    from mmpt_sign.records import Record


@dataclass(frozen=True)
class Collection:
    """Records with the set that each one is of: of a combined data set its part, else the data set itself."""

    name: str
    records: tuple[Record, ...]
    sets: tuple[str, ...]
    experiment: Experiment | None = None

    def record(self, record_id: str) -> Record:
        """The record of an id; `DataError` with the nearest id if there is none."""
        found = next((record for record in self.records if record.id == record_id), None)
        if found is None:
            close = nearest(record_id, [record.id for record in self.records[:20_000]])
            raise DataError(f"{self.name}: no record '{record_id}' among {len(self.records)}{close}")
        return found


def collection(place: Path, overrides: Sequence[str] = (), stream: str = "") -> Collection:
    """The records of an experiment file, of a registered data set's name, or of a folder with an index or a store.

    ``overrides`` are keys of the experiment, or of the data set where no experiment is named.  Of an experiment's
    record the frames are those of the named stream, or of its first stream of points.
    """
    if place.is_dir() or (str(place) in names("dataset") and not place.is_file()):
        dataset = _dataset(place, overrides)
        found = _checked(str(place), list(dataset.records(None)))
        return Collection(place.absolute().name, found, _sets(dataset, found))
    experiment = load_experiment(_experiment_file(place), overrides)
    name = stream or next((key for key, part in experiment.streams.items() if isinstance(part, Pose)), "")
    records = [
        replace(record, source=record.source_of(name) or record.source) for record in experiment_records(experiment)
    ]
    found = _checked(str(place), records)
    return Collection(experiment.name, found, _sets(experiment.dataset, found), experiment)


def _experiment_file(place: Path) -> Path:
    """Of what is neither a data set nor a folder; a mistyped name may have been meant for any of them."""
    try:
        return find_file(place)
    except ConfigError as error:
        close = nearest(str(place), names("dataset"))
        if not close:
            raise
        raise ConfigError(f"{place}: neither a data set{close} nor a folder; as an experiment: {error}") from error


def _dataset(place: Path, overrides: Sequence[str]) -> Dataset:
    if not place.is_dir():
        given: dict[str, object] = {"name": str(place)}
    elif (place / MANIFEST).is_file():
        given = {"name": "stored", "folder": place.absolute()}
    else:
        given = {"name": "folder", "folder": place.absolute()}
    marked = Marked(dict(given))
    override(marked, overrides)
    try:
        dataset: Dataset = find("dataset", str(given["name"])).model_validate(marked.values)  # type: ignore[assignment]
    except ValidationError as error:
        problems = [f"{place}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False)]
        raise ConfigError(problems) from error
    return dataset


def _checked(place: str, records: list[Record]) -> tuple[Record, ...]:
    if not records:
        raise DataError(f"{place}: the data set has no records; 'mmpt-sign data check FOLDER' says what is wrong")
    return tuple(records)


def _sets(dataset: Dataset, records: Sequence[Record]) -> tuple[str, ...]:
    if not isinstance(dataset, Combined):
        return (dataset.part_name,) * len(records)
    prefixes = sorted(dataset.prefixes(), key=len, reverse=True)
    return tuple(next(prefix for prefix in prefixes if record.id.startswith(f"{prefix}_")) for record in records)
