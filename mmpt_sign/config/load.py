"""From a YAML file to a validated `Experiment`, with every problem found in one go."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from mmpt_sign import registry
from mmpt_sign.config.inherit import inherited, override
from mmpt_sign.config.schema import Experiment, VideoTower
from mmpt_sign.config.yaml_file import KeyPath, Marked
from mmpt_sign.errors import ConfigError
from mmpt_sign.registry import nearest

MAX_ROUNDS = 8


def load_experiment(path: Path | str, overrides: Sequence[str] = ()) -> Experiment:
    """Read, inherit, override, validate.  Raises one `ConfigError` that lists all problems with file and line."""
    path = find_file(Path(path))
    marked = inherited(path)
    override(marked, overrides)
    marked.values.setdefault("name", experiment_name(path))
    experiment, problems = _validated(marked)
    if experiment is None or problems:
        raise ConfigError(problems)
    return experiment


def experiment_from_values(values: dict[str, Any], place: str) -> Experiment:
    """An experiment from plain values, as stored in a run folder or an exported model."""
    experiment, problems = _validated(Marked(values, {(): place}))
    if experiment is None or problems:
        raise ConfigError(problems)
    return experiment


def find_file(path: Path) -> Path:
    """The file as given, or the shipped experiment of that name (``projects/retri/...`` works anywhere)."""
    relative = Path(*path.parts[1:]) if path.parts[:1] == ("projects",) else path
    folders = [path] if path.is_absolute() else [path, shipped_projects() / relative]
    candidates = [p for folder in folders for p in (folder, folder.with_name(folder.name + ".yaml"))]
    found = next((candidate for candidate in candidates if candidate.is_file()), None)
    if found is not None:
        return found
    known = sorted(p.name for p in path.parent.glob("*.yaml")) or [p.name for p in shipped_experiments()]
    raise ConfigError(f"{path}: no such experiment file{nearest(path.name, known)}; 'mmpt-sign ls' lists what ships")


def shipped_projects() -> Path:
    """The folder of shipped experiments: beside the package in a checkout, inside it when installed."""
    package = Path(__file__).resolve().parent.parent
    beside = package.parent / "projects"
    return beside if (package.parent / "pyproject.toml").is_file() and beside.is_dir() else package / "projects"


def shipped_experiments() -> list[Path]:
    """Every shipped experiment, bases (shared starting points) left out."""
    root = shipped_projects()
    return sorted(p for p in root.rglob("*.yaml") if "base" not in p.relative_to(root).parts[:-1])


def experiment_name(path: Path) -> str:
    """``…/projects/retri/fingerclip/x.yaml`` -> ``retri/fingerclip/x``; a file elsewhere is named by its stem."""
    parts = path.resolve().with_suffix("").parts
    if "projects" in parts:
        return "/".join(parts[len(parts) - parts[::-1].index("projects") :])
    return parts[-1]


def _validated(marked: Marked) -> tuple[Experiment | None, list[str]]:
    """Validate, drop what is wrong, validate again: so that errors behind errors are seen in the same go."""
    values: Any = copy.deepcopy(marked.values)
    problems: dict[str, KeyPath] = {}
    for _ in range(MAX_ROUNDS):
        try:
            experiment = Experiment.model_validate(values)
        except ValidationError as error:
            wrong = {_written_path(item["loc"], values): item for item in error.errors(include_url=False)}
            before = list(problems.values())
            for path, item in wrong.items():
                if not any(path == known[: len(path)] for known in before):  # not an echo of what was dropped
                    problems[f"{marked.place(path)}: {_sentence(item, path, values)}"] = path
            if not _dropped(values, list(wrong)):
                return None, list(problems)
            continue
        conflicts = [f"{marked.place(path)}: {'.'.join(path)} {text}" for path, text in experiment.conflicts()]
        return experiment, list(dict.fromkeys([*problems, *conflicts]))
    return None, list(problems)


def _written_path(loc: tuple[str | int, ...], values: Any) -> KeyPath:
    """Pydantic's location without the union tags it adds: only steps that exist in what was written (or the last)."""
    path: list[str | int] = []
    here: Any = values
    for position, step in enumerate(loc):
        if _has(here, step):
            here = here[step]
        elif position < len(loc) - 1 or _is_tag(here, step):
            continue
        path.append(step)
    return tuple(path)


def _is_tag(here: Any, step: str | int) -> bool:
    return here == step or (isinstance(here, dict) and step in (here.get("name"), here.get("kind")))


def _dropped(values: Any, paths: list[KeyPath]) -> bool:
    """Remove the written values at ``paths``; False when nothing could be removed (a required key is missing)."""
    removed = False
    for path in sorted(paths, key=len, reverse=True):
        here: Any = values
        for step in path[:-1]:
            here = here[step] if _has(here, step) else None
        if here is not None and path and _has(here, path[-1]):
            del here[path[-1]]
            removed = True
    return removed


def _has(here: Any, step: str | int) -> bool:
    if isinstance(here, dict):
        return step in here
    return isinstance(here, list) and isinstance(step, int) and step < len(here)


def _sentence(item: Any, path: KeyPath, values: Any) -> str:
    dotted = ".".join(map(str, path)) or "experiment"
    context = item.get("ctx", {})
    if item["type"] == "extra_forbidden":
        known = _known_keys(path, values)
        return f"unknown key '{dotted}'{nearest(str(path[-1]), known)}" + (
            f"; known: {', '.join(known)}" if known else ""
        )
    if item["type"] == "missing":
        return f"'{dotted}' is missing"
    if item["type"] in ("union_tag_invalid", "union_tag_not_found"):
        known = [name.strip(" '") for name in str(context.get("expected_tags", "")).split(",") if name.strip()]
        tag = context.get("tag")
        if tag is None:
            return f"'{dotted}' needs a name"
        return f"{dotted}: unknown name '{tag}'{nearest(tag, known)}; known: {', '.join(known)}"
    return f"{dotted}: {item['msg'][0].lower()}{item['msg'][1:]} (found {_short(item.get('input'))})"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


PART_AT = {  # what kind of part stands at a path; * is any name
    ("dataset",): "dataset",
    ("streams", "*"): "stream",
    ("streams", "*", "augment", "*"): "augmentation",
    ("video", "*", "front_end"): "front_end",
    ("video", "*", "encoder"): "encoder",
    ("fusion",): "fusion",
    ("text",): "text",
    ("similarity", "*"): "similarity",
    ("loss", "*"): "loss",
    ("evaluate", "tasks", "*"): "evaluation",
}


def _known_keys(path: KeyPath, values: Any) -> list[str]:
    """Keys that the block around ``path`` understands, for the hint."""
    block = path[:-1]
    kind = next((kind for place, kind in PART_AT.items() if _matches(block, place)), None)
    if kind is None:
        model: Any = Experiment
        for step in block:
            model = VideoTower if block[0] == "video" and len(block) == 2 else _field_model(model, str(step))
        return sorted(model.model_fields) if model is not None else []
    here = values
    for step in block:
        here = here[step]
    name = block[-1] if kind == "augmentation" else here.get("name", here.get("kind"))
    return sorted(registry.find(kind, str(name)).model_fields)


def _matches(path: KeyPath, place: tuple[str, ...]) -> bool:
    return len(path) == len(place) and all(p in ("*", step) for step, p in zip(path, place, strict=True))


def _field_model(model: Any, step: str) -> Any:
    """The nested block under a key, if it is one."""
    found = model.model_fields.get(step) if model is not None else None
    if found is None:
        return None
    annotation = found.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
