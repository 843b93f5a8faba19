"""The records of an experiment, each with the place where every stream finds its frames: the one door to list them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mmpt_sign.errors import DataError
from mmpt_sign.features.manifest import MANIFEST
from mmpt_sign.features.store import Store, opened
from mmpt_sign.records import Record, Source
from mmpt_sign.text.weights import data_root_or_environment

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment


def experiment_records(experiment: Experiment) -> list[Record]:
    """All records of the experiment's data set; streams with a ``store`` read from it by record id.

    Every store is opened here, so that a missing or damaged one is told before any work is done.
    """
    records: Sequence[Record] = experiment.dataset.records(experiment.data_root)
    stores = {
        name: opened(store_folder(stream.store, experiment.data_root))
        for name, stream in experiment.streams.items()
        if stream.store is not None
    }
    if not stores:
        return list(records)
    optional = {name for name, stream in experiment.streams.items() if stream.optional}
    return [replace(record, sources={**record.sources, **_in(stores, record.id, optional)}) for record in records]


def _in(stores: Mapping[str, Store], name: str, optional: Set[str]) -> dict[str, Source | None]:
    """Where each store has the clip of a record; one that has none says so when it is read, if it must have it."""
    found: dict[str, Source | None] = {}
    for stream, store in stores.items():
        number = store.number_of(name)
        lacks = number is None and stream in optional
        found[stream] = None if lacks else Source(store.folder, member=name, item=number)
    return found


def store_folder(folder: Path, data_root: Path | None) -> Path:
    """The folder of a store: inside the data root, else as it stands."""
    given, root = Path(folder).expanduser(), data_root_or_environment(data_root)
    candidates = list(dict.fromkeys([given] if root is None else [root / given, given]))
    found = next((candidate for candidate in candidates if (candidate / MANIFEST).is_file()), None)
    if found is None:
        looked = " and ".join(str(candidate / MANIFEST) for candidate in candidates)
        raise DataError(
            f"clip store {folder}: looked for {looked}; 'mmpt-sign data build' makes one of poses, 'mmpt-sign extract "
            "features' or 'import features' one of features (docs/store.md)"
        )
    return found
