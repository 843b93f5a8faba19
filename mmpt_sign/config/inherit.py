"""Inheritance of experiment files: of the files that ``base:`` names later ones win, the file itself over all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmpt_sign.config.yaml_file import KeyPath, Marked, read_marked, read_scalar
from mmpt_sign.errors import ConfigError
from mmpt_sign.registry import nearest

MAX_DEPTH = 20
BARE = {"init_from": "model"}  # what a bare value stands for where it is no name


def inherited(path: Path, chain: tuple[Path, ...] = ()) -> Marked:
    """The file merged over its bases, every value knowing the file and line it came from."""
    path = path.resolve()
    if path in chain:
        raise ConfigError(f"{path}: inherits from itself through {' -> '.join(p.name for p in (*chain, path))}")
    if len(chain) >= MAX_DEPTH:
        raise ConfigError(f"{path}: more than {MAX_DEPTH} levels of 'base'")
    own = read_marked(path)
    place = own.place(("base",))
    merged = Marked()
    for base in _bases(own.values.pop("base", None), place):
        merge(merged, inherited(_base_path(path, base, place), (*chain, path)))
    merge(merged, own)
    return merged


def _bases(written: Any, place: str) -> list[str]:
    bases = [written] if isinstance(written, str) else [] if written is None else written
    if not isinstance(bases, list) or not all(isinstance(base, str) for base in bases):
        raise ConfigError(f"{place}: base: the name of a file or a list of such names is needed")
    return bases


def _base_path(path: Path, base: str, place: str) -> Path:
    found = path.parent / base
    try:
        if found.is_file():
            return found
        known = sorted(p.name for p in found.parent.glob("*.yaml")) if found.parent.is_dir() else []
    except OSError as error:
        raise ConfigError(f"{place}: base: cannot be read ({error.strerror})") from error
    raise ConfigError(f"{place}: base '{base}' is not a file; looked for {found}{nearest(found.name, known)}")


def merge(under: Marked, over: Marked) -> None:
    """Lay ``over`` on ``under`` in place, mapping by mapping.

    A named part that changes its name is replaced whole: the options of another part would not fit it.
    """
    _merge(under.values, over.values, (), under, over)
    under.places[()] = over.place(())


def _merge(under: dict[str, Any], over: dict[str, Any], path: KeyPath, marks: Marked, over_marks: Marked) -> None:
    for key, value in over.items():
        here = (*path, key)
        old = under.get(key)
        if isinstance(value, dict) and isinstance(old, str) and _name(value) in (None, old):
            old = under[key] = {BARE.get(key, "kind" if "kind" in value else "name"): old}
        if isinstance(value, dict) and isinstance(old, dict) and not _renamed(old, value):
            _merge(old, value, here, marks, over_marks)
        else:
            for known in [p for p in marks.places if p[: len(here)] == here]:
                del marks.places[known]
            under[key] = value
            marks.places.update({p: place for p, place in over_marks.places.items() if p[: len(here)] == here})
        if here in over_marks.places:
            marks.places[here] = over_marks.places[here]


def _name(block: dict[str, Any]) -> Any:
    return block.get("name", block.get("kind"))


def _renamed(old: dict[str, Any], new: dict[str, Any]) -> bool:
    return _name(new) is not None and _name(old) is not None and _name(new) != _name(old)


def override(marked: Marked, assignments: Sequence[str]) -> None:
    """Apply ``-o key.sub=value`` in order; values are YAML, the place reported is the option itself."""
    problems: list[str] = []
    for assignment in assignments:
        dotted, equals, text = assignment.partition("=")
        keys = [key for key in dotted.strip().split(".") if key]
        if not equals or not keys:
            problems.append(f"-o {assignment}: write key=value, for example -o optim.lr=1e-4")
            continue
        try:
            value: Any = read_scalar(text, f"-o {dotted}")
        except ConfigError as error:
            problems.extend(error.problems)
            continue
        for key in reversed(keys):
            value = {key: value}
        places: dict[KeyPath, str] = {tuple(keys[: n + 1]): f"-o {assignment}" for n in range(len(keys))}
        merge(marked, Marked(value, {**places, (): marked.place(())}))
    if problems:
        raise ConfigError(problems)
