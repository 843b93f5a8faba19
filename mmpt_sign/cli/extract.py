"""Extract from videos: ``mmpt-sign extract poses``."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from mmpt_sign.errors import ConfigError

if TYPE_CHECKING:
    from mmpt_sign.extraction.crew import Crew
    from mmpt_sign.extraction.item import Extractor, Item

group = typer.Typer(help="Extract poses or features from videos.", no_args_is_help=True)

Sources = Annotated[list[Path] | None, typer.Argument(help="Videos, and folders that are searched for them.")]
Out = Annotated[Path, typer.Option("-o", "--out", help="Folder for the results.")]
Index = Annotated[
    Path | None, typer.Option(help="CSV table: path; id, start, end and more columns where known.", dir_okay=False)
]
Unit = Annotated[
    Literal["seconds", "frames"], typer.Option(help="What start and end count in the table: seconds or frames.")
]
Options = Annotated[list[str] | None, typer.Option("--option", help="key=value, several times.")]
Fps = Annotated[float | None, typer.Option(help="Frames per second of the results; default: each video's own.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Processes; default: one per core.")]
Ray = Annotated[
    str | None, typer.Option(help="Address of a Ray cluster; auto: that of this machine; local: start one here.")
]
TimeLimit = Annotated[float, typer.Option(min=0, help="Seconds for one video, 0 for no limit.")]
MaxSkipped = Annotated[float, typer.Option(min=0, max=1, help="Share of skipped videos above which the job failed.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Forget what is in the folder and begin anew.")]
RetrySkipped = Annotated[bool, typer.Option("--retry-skipped", help="Try those again that were skipped before.")]


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group, name="extract")


@group.callback()
def _group() -> None:
    """Extract poses or features from videos."""


@group.command()
def poses(
    sources: Sources = None,
    out: Out = Path("poses"),
    estimator: Annotated[str, typer.Option("--format", help="mediapipe, rtmpose, or openpose (JSON).")] = "mediapipe",
    option: Options = None,
    index: Index = None,
    unit: Unit = "seconds",
    fps: Fps = None,
    workers: Workers = None,
    ray: Ray = None,
    time_limit: TimeLimit = 1800.0,
    max_skipped: MaxSkipped = 0.5,
    overwrite: Overwrite = False,
    retry_skipped: RetrySkipped = False,
) -> None:
    """Estimate the pose of every video: one .pose file each, and a table of them.

    Stop it and start it again whenever you like: what is finished stays.
    """
    from mmpt_sign.extraction.listing import holds_keypoints, is_video
    from mmpt_sign.extraction.poses import PoseExtractor

    extractor = PoseExtractor(part_from("estimator", estimator, option, fps=fps))
    wanted = is_video if extractor.estimator.reads == "videos" else holds_keypoints
    items = listed(sources, index, unit, extractor.suffix, wanted)
    run(items, extractor, out, workers, ray, time_limit, max_skipped, overwrite, retry_skipped)


def part_from(kind: str, name: str, options: Sequence[str] | None, **given: Any) -> Any:
    """A named part from ``--option key=value`` words, all mistakes told together."""
    import yaml
    from pydantic import ValidationError

    from mmpt_sign.registry import find, nearest

    part_class = find(kind, name)
    values: dict[str, Any] = {"name": name, **{key: value for key, value in given.items() if value is not None}}
    problems = []
    for word in options or ():
        key, equals, text = word.partition("=")
        if not equals or key not in part_class.model_fields:
            known = [known for known in part_class.model_fields if known != "name"]
            problems.append(
                f"--option {word}: {name} knows no such key{nearest(key, known)}; known: {', '.join(known)}"
            )
            continue
        try:
            values[key] = yaml.safe_load(text)
        except yaml.YAMLError:
            values[key] = text
    try:
        part = part_class.model_validate(values)
    except ValidationError as error:
        problems += [f"{name}: {_sentence(found)}" for found in error.errors(include_url=False)]
    if problems:
        raise ConfigError(problems)
    return part


def _sentence(found: Any) -> str:
    if found["type"] == "value_error":
        return str(found["ctx"]["error"])
    return f"option {'.'.join(map(str, found['loc']))}: {found['msg'].lower()} (found {found['input']!r})"


def listed(
    sources: list[Path] | None, index: Path | None, unit: Literal["seconds", "frames"], suffix: str, wanted: Any
) -> list[Item]:
    """The items that the command line names: a table, whose paths may lie in a folder of their own, or a search."""
    from mmpt_sign.extraction.listing import from_index, walk

    if index is None:
        if not sources:
            raise ConfigError("name videos or folders, or a table with --index FILE.csv")
        for table in (source / "index.csv" for source in sources if (source / "index.csv").is_file()):
            typer.echo(f"{table} is not read; --index {table} takes ids, splits and texts from there", err=True)
        return walk(sources, suffix, wanted)
    if sources and (len(sources) > 1 or not sources[0].is_dir()):
        raise ConfigError("with --index, name at most the one folder in which the videos of the table are")
    return from_index(index, suffix, folder=sources[0] if sources else None, unit=unit)


def run(
    items: list[Item],
    extractor: Extractor,
    out: Path,
    workers: int | None,
    ray: str | None,
    time_limit: float,
    max_skipped: float,
    overwrite: bool,
    retry_skipped: bool,
    crew: Crew | None = None,
) -> None:
    """The job with its progress on the terminal; an interruption is no failure, because the job can go on."""
    from mmpt_sign.extraction.job import extract
    from mmpt_sign.extraction.progress import Progress

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        report = extract(
            items, extractor, out, workers=workers, ray=ray, time_limit=time_limit or None,
            retry_skipped=retry_skipped, overwrite=overwrite, progress=Progress(sys.stderr), crew=crew,
        )  # fmt: skip
    except KeyboardInterrupt:
        typer.echo(f"stopped; what is finished is in {out}, and the same command goes on from there", err=True)
        raise typer.Exit(130) from None
    finally:
        signal.signal(signal.SIGTERM, before)
    typer.echo(report.summary)
    report.judge(max_skipped)
