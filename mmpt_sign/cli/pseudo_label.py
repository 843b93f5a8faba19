"""Name signs in unlabelled videos: ``mmpt-sign pseudo-label``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mmpt_sign.cli.extract import (
    Index,
    MaxSkipped,
    Options,
    Overwrite,
    Ray,
    RetrySkipped,
    Sources,
    TimeLimit,
    Unit,
    Workers,
    listed,
    part_from,
    run,
)  # fmt: skip
from mmpt_sign.cli.extract_features import Precision, _readers
from mmpt_sign.errors import ConfigError

if TYPE_CHECKING:
    from mmpt_sign.extraction.item import Item
    from mmpt_sign.features.pseudo_labels import Rules


def add_to(app: typer.Typer) -> None:
    """Register the command."""
    app.command("pseudo-label")(pseudo_label)


def pseudo_label(
    out: Annotated[Path, typer.Option("-o", "--out", help="Table of the labels, .csv or .parquet.")],
    checkpoint: Annotated[Path, typer.Option(help="I3D with its classifier (docs/features.md).", exists=True)],
    sources: Sources = None,
    classes: Annotated[
        Path | None, typer.Option(help="Names of the classes, one per line; default: their numbers.", exists=True)
    ] = None,
    rules: Annotated[Path | None, typer.Option(help="Thresholds in YAML.", exists=True, dir_okay=False)] = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(help="key=value: confidence, merge, suppress, no_merge, drop_last_frame; several times."),
    ] = None,
    test: Annotated[
        Literal["refuse", "skip", "label"], typer.Option(help="What to do with videos of the test split.")
    ] = "refuse",
    option: Options = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
    precision: Annotated[Precision | None, typer.Option(help="Default: fp16 on a GPU, else fp32.")] = None,
    index: Index = None,
    unit: Unit = "seconds",
    workers: Workers = None,
    ray: Ray = None,
    time_limit: TimeLimit = 1800.0,
    max_skipped: MaxSkipped = 0.5,
    overwrite: Overwrite = False,
    retry_skipped: RetrySkipped = False,
) -> None:
    """Slide a classifier of signs over videos and write down where it is sure of what; no clip is cut or written.

    Stop it and start it again whenever you like.  The tables of the finished videos wait beside the result (OUT.parts).
    """
    from mmpt_sign.extraction.listing import is_video
    from mmpt_sign.features.classes import read_classes
    from mmpt_sign.features.labelling import Labeller, classes_of, joined

    count = classes_of(checkpoint)
    names = None if classes is None else read_classes(classes, count)
    network = part_from("video_network", "i3d", option, classes=count)
    items = _to_label(listed(sources, index, unit, Labeller.suffix, is_video), test)
    parts = out.with_name(f"{out.name}.parts")
    thresholds = _rules(rules, rule or [])
    labeller = Labeller(network, checkpoint.resolve(), device, precision, threads=1, rules=thresholds)
    crew = None if ray else _readers(labeller, parts, workers, time_limit)
    run(items, labeller, parts, workers, ray, time_limit, max_skipped, overwrite, retry_skipped, crew)
    found = joined(parts, out, names, items)
    typer.echo(f"{out}: {found} labels")


def _to_label(items: list[Item], test: str) -> list[Item]:
    """Labels of the test split would let a network see what it is tested on."""
    from mmpt_sign.features.labelling import without_test

    others = without_test(items)
    if test == "label" or len(others) == len(items):
        return items
    if test == "skip" and others:
        return others
    raise ConfigError(
        f"{len(items) - len(others)} of {len(items)} videos are of the test split, which nothing should learn from: "
        "--test skip leaves them out, --test label labels them all the same"
    )


def _rules(file: Path | None, words: list[str]) -> Rules:
    """Thresholds from a file, then from the command line."""
    import yaml
    from pydantic import ValidationError

    from mmpt_sign.features.pseudo_labels import Rules

    try:
        given: Any = {} if file is None else yaml.safe_load(file.read_text(encoding="utf-8")) or {}
        given = {**given, **{key: yaml.safe_load(value) for key, _, value in (word.partition("=") for word in words)}}
        return Rules.model_validate(given)
    except ValidationError as error:
        raise ConfigError(
            [f"rule {'.'.join(map(str, e['loc']))}: {e['msg'].lower()}" for e in error.errors(include_url=False)]
        ) from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError) as error:
        raise ConfigError(f"{file or ', '.join(words)}: cannot be read as thresholds ({error})") from error
