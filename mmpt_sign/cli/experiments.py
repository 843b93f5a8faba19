"""Look at experiment files: ``ls``, ``show``, ``validate``, ``cp``, ``schema``, ``names``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

Overrides = Annotated[list[str] | None, typer.Option("-o", "--override", help="key=value, any key of the experiment.")]


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    for command in (ls, show, validate, cp, schema, names):
        app.command()(command)


def ls(pattern: Annotated[str, typer.Argument(help="Only experiments whose name holds this.")] = "") -> None:
    """List the experiments that ship."""
    from mmpt_sign.config.load import experiment_name, shipped_experiments

    for path in shipped_experiments():
        if pattern in experiment_name(path):
            typer.echo(experiment_name(path))


def show(file: Path, override: Overrides = None) -> None:
    """Print the resolved experiment, every default spelled out."""
    import yaml

    from mmpt_sign.config.load import load_experiment

    values = load_experiment(file, override or ()).model_dump(mode="json")
    typer.echo(yaml.safe_dump(values, sort_keys=False, allow_unicode=True), nl=False)


def validate(paths: Annotated[list[Path], typer.Argument(help="Experiment files or folders of them.")]) -> None:
    """Check experiment files; all problems of all files are reported in one go."""
    from mmpt_sign.config.load import find_file, load_experiment, shipped_projects
    from mmpt_sign.errors import ConfigError

    files: list[Path] = []
    for path in paths:
        folder = path if path.is_dir() else shipped_projects() if path == Path("projects") else None
        found = sorted(folder.rglob("*.yaml")) if folder else [find_file(path)]
        files += [file for file in found if folder is None or "base" not in file.relative_to(folder).parts[:-1]]
    problems: list[str] = [] if files else [f"{', '.join(map(str, paths))}: no experiment files there"]
    for file in files:
        try:
            load_experiment(file)
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(dict.fromkeys(problems))
    typer.echo(f"{len(files)} experiments are valid")


def cp(name: str, target: Path, override: Overrides = None) -> None:
    """Copy a shipped experiment, with its bases and overrides folded in, to a file of your own to edit."""
    import yaml

    from mmpt_sign.config.inherit import inherited
    from mmpt_sign.config.inherit import override as put_over
    from mmpt_sign.config.load import find_file, load_experiment
    from mmpt_sign.errors import ConfigError

    if target.exists():
        raise ConfigError(f"{target}: exists already; name another file")
    load_experiment(name, override or ())
    marked = inherited(find_file(Path(name)))
    put_over(marked, override or ())
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(yaml.safe_dump(marked.values, sort_keys=False, allow_unicode=True), encoding="utf-8")
    typer.echo(str(target))


def schema() -> None:
    """Print the JSON Schema of experiment files, for editors that complete keys."""
    from mmpt_sign.config.schema import Experiment

    typer.echo(json.dumps(Experiment.model_json_schema(), indent=1))


def names(kind: Annotated[str, typer.Argument(help="Kind of part; without it all kinds are listed.")] = "") -> None:
    """List the named parts that experiments can use."""
    from mmpt_sign import registry

    for each in [kind] if kind else list(registry.ROOMS):
        typer.echo(f"{each}: {', '.join(registry.names(each))}")
