"""Data sets: ``mmpt-sign data check``, ``data build`` and ``data verify``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mmpt_sign.features.build import Built

group = typer.Typer(help="Check and look at data sets; build and verify clip stores.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group, name="data")


@group.callback()
def _group() -> None:
    """Check and look at data sets; build and verify clip stores."""


@group.command()
def check(
    place: Annotated[Path, typer.Argument(help="Folder with an index.csv, or name of a data set.")],
    override: Annotated[
        list[str] | None, typer.Option("-O", "--override", help="key=value, any option of the named data set.")
    ] = None,
) -> None:
    """Report all problems of a folder of clips or of a data set at once; exit code 2 if there are any."""
    from mmpt_sign.datasets._check import check_folder, check_named
    from mmpt_sign.errors import DataError

    report = check_folder(place) if place.is_dir() else check_named(str(place), override or ())
    for line in report.summary:
        typer.echo(line)
    if report.problems:
        raise DataError(report.problems)


@group.command()
def build(
    file: Annotated[Path, typer.Argument(help="Experiment file whose data set is packed.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the store, new or to be gone on with.")],
    workers: Annotated[int, typer.Option(min=1, help="Processes that read clips; the files do not depend on it.")] = 1,
    override: Annotated[
        list[str] | None, typer.Option("-K", "-O", "--override", help="key=value, any key of the experiment.")
    ] = None,
    points: Annotated[
        str, typer.Option(help="Selections, components or points joined by commas; default: all of the first clip.")
    ] = "",
    dims: Annotated[int | None, typer.Option(min=1, help="2 leaves depth out; default: as the first clip.")] = None,
    max_skipped: Annotated[float, typer.Option(min=0, max=1, help="Share of clips that may be unreadable.")] = 0.05,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Pack clips anew whose source has changed.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Keep clips as they are whose source has changed.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Let clips go that the data set no longer has.")] = False,
) -> None:
    """Pack the clips of a data set into a store that is read without parsing.

    Interrupted, it goes on where it was; called again, it packs what has been added since and nothing else.
    """
    from mmpt_sign.cli.progress import progress
    from mmpt_sign.config.load import find_file, load_experiment
    from mmpt_sign.errors import ConfigError
    from mmpt_sign.features.build import build_store, own_clip

    if rebuild and keep:
        raise ConfigError("--rebuild and --keep exclude each other")
    experiment = load_experiment(find_file(file), override or ())
    with progress("packing", "clip") as shown:
        built = build_store(
            experiment.dataset.records(experiment.data_root),
            own_clip,
            out,
            points=[name.strip() for name in points.split(",")] if points else None,
            dims=dims,
            workers=workers,
            max_skipped=max_skipped,
            changed="rebuild" if rebuild else "keep" if keep else "stop",
            others="drop" if drop else "stop",
            progress=shown,
        )
    for line in _summary(out, built):
        typer.echo(line)


def _summary(out: Path, built: Built) -> Iterator[str]:
    yield f"{out}: {built.clips} clips, {built.frames} frames, {built.form}; {built.added} packed now"
    if built.skipped:
        yield f"{len(built.skipped)} clips could not be used: {out / 'skipped.csv'} says why"
    for component, clips in built.left_out.items():
        yield f"note: {clips} clips have points of {component} that the store does not keep (--points)"
    if built.unused_bytes:
        yield f"note: {built.unused_bytes / 2**20:.1f} MiB are of clips no longer in use; a new folder would do without"


@group.command()
def verify(store: Annotated[Path, typer.Argument(help="Folder of a clip store.")]) -> None:
    """Read every byte of a store and report all damage at once; exit code 2 if there is any."""
    from mmpt_sign.cli.progress import progress
    from mmpt_sign.features.store import verify as verified

    with progress("verifying", "file") as shown:
        found = verified(store, shown)
    frames = sum(found.lengths)
    typer.echo(f"{store}: {len(found)} clips, {frames} frames, {found.form}: every byte is as it was written")
