"""A run folder holds one experiment: going on with another one in it would mix two trainings silently."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.errors import ConfigError

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment

FREE = ("name", "notes", "run", "data_root", "job", "evaluate")  # may change between two sittings of one run
FREE_OF_OPTIM = ("epochs", "max_updates")  # training longer is going on, too


def check_same_run(experiment: Experiment, stored: Path) -> None:
    """Compare with the experiment that the run was started with, if it was; every difference is listed."""
    if not stored.is_file():
        return
    before = _with_later_keys(json.loads(stored.read_text(encoding="utf-8")), str(stored))
    now = experiment.model_dump(mode="json")
    differing = _differences(_bound(before), _bound(now))
    if differing:
        raise ConfigError(
            [f"{stored.parent} holds a run of another experiment; remove it, or set job.folder. It differs in:"]
            + [f"  {path}: {_short(old)} there, {_short(new)} here" for path, old, new in differing[:10]]
        )


def _with_later_keys(values: dict[str, Any], place: str) -> dict[str, Any]:
    """Options that came after the run was started have their defaults, as they had in effect."""
    try:
        return experiment_from_values(values, place).model_dump(mode="json")
    except ConfigError:
        return values


def _bound(values: dict[str, Any]) -> dict[str, Any]:
    bound = {key: value for key, value in values.items() if key not in FREE}
    optim = bound.get("optim", {})
    return {**bound, "optim": {key: value for key, value in optim.items() if key not in FREE_OF_OPTIM}}


def _differences(before: Any, now: Any, path: str = "") -> list[tuple[str, Any, Any]]:
    if isinstance(before, dict) and isinstance(now, dict):
        return [
            difference
            for key in sorted({*before, *now})
            for difference in _differences(before.get(key), now.get(key), f"{path}.{key}" if path else key)
        ]
    return [] if before == now else [(path, before, now)]


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 40 else text[:37] + "..."
