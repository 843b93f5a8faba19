"""Named parts, found by file name: ``loss: info_nce`` in YAML is ``mmpt_sign/losses/info_nce.py``.

Names are known from the folder listing, so listing and validating import nothing heavy.  Another package adds parts of
its own through the entry-point group ``mmpt_sign.<kind>`` (name = entry point, object = the part's class).
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from functools import cache
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from mmpt_sign.errors import ConfigError

if TYPE_CHECKING:
    from mmpt_sign.config.contracts import Part

ROOMS = {
    "dataset": "mmpt_sign.datasets",
    "augmentation": "mmpt_sign.poses.augmentations",
    "stream": "mmpt_sign.streams",
    "front_end": "mmpt_sign.models.front_ends",
    "encoder": "mmpt_sign.models.encoders",
    "fusion": "mmpt_sign.models.fusions",
    "text": "mmpt_sign.models.texts",
    "similarity": "mmpt_sign.similarity",
    "loss": "mmpt_sign.losses",
    "evaluation": "mmpt_sign.evaluation.tasks",
    "estimator": "mmpt_sign.poses.estimators",
    "video_network": "mmpt_sign.features.networks",
}


def nearest(word: str, known: list[str]) -> str:
    """A hint for a mistyped word: `` (did you mean 'x'?)`` or nothing."""
    close = difflib.get_close_matches(str(word), known, n=1, cutoff=0.5)
    return f" (did you mean '{close[0]}'?)" if close else ""


@cache
def _shipped(kind: str) -> dict[str, str]:
    room = importlib.import_module(ROOMS[kind])
    return {m.name: f"{room.__name__}.{m.name}" for m in pkgutil.iter_modules(room.__path__) if m.name[0] != "_"}


def names(kind: str) -> list[str]:
    """The names that ``kind`` knows, shipped and installed by others."""
    if kind not in ROOMS:
        raise ConfigError(f"unknown kind of part '{kind}'{nearest(kind, list(ROOMS))}; known: {', '.join(ROOMS)}")
    return sorted({*_shipped(kind), *entry_points(group=f"mmpt_sign.{kind}").names})


@cache
def find(kind: str, name: str) -> type[Part]:
    """The part's class, importing its one module only."""
    known = names(kind)
    if name not in known:
        raise ConfigError(f"unknown {kind} '{name}'{nearest(name, known)}; known: {', '.join(known)}")
    if name not in _shipped(kind):
        loaded: type[Part] = entry_points(group=f"mmpt_sign.{kind}")[name].load()
        return loaded
    module = importlib.import_module(_shipped(kind)[name])
    return next(
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and value.__module__ == module.__name__
        and getattr(value, "kind_of_part", None) == kind
        and not getattr(value, "__abstractmethods__", None)
    )


def part(kind: str, name: str) -> Any:
    """A part with all its defaults, as a YAML block that gives the name alone."""
    part_class = find(kind, name)
    return part_class.model_validate(name)


def build(kind: str, name: str, **options: Any) -> Any:
    """A part ready to use: the callable itself, or the network of a kind that has ``build``.

    Keywords that are not fields of the part go to its ``build`` (``d_in`` and ``d_out`` of a front end).
    """
    part_class = find(kind, name)
    given = {key: value for key, value in options.items() if key in part_class.model_fields}
    context = {key: value for key, value in options.items() if key not in given}
    if not hasattr(part_class, "build"):
        return part_class(**options)
    made: Any = part_class(**given)
    return made.build(**context)
