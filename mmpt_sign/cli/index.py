"""Searchable collections: ``mmpt-sign index build``, ``add``, ``remove``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from mmpt_sign.cli.use import DEFAULT_MODEL, Model

if TYPE_CHECKING:
    from mmpt_sign.inference.index import Index, Kind

SHOWN = 5
Place = Annotated[Path, typer.Argument(help="Folder with an index.csv, or a run folder.")]
File = Annotated[Path, typer.Argument(help="A saved index (.npz).")]
How = Annotated[str, typer.Option(help="exact, auto, hnsw or ivf.")]
Split = Annotated[str | None, typer.Option(help="Only the clips of this split.")]

group = typer.Typer(help="Make and change searchable collections.", no_args_is_help=True, rich_markup_mode=None)


def add_to(app: typer.Typer) -> None:
    """Register the group of this file."""
    app.add_typer(group, name="index")


@group.command()
def build(
    place: Place,
    out: Annotated[Path, typer.Option("-o", "--out", help="File .npz to write.")],
    model: Model = DEFAULT_MODEL,
    kind: How = "exact",
    split: Split = None,
) -> None:
    """Embed the clips of a folder or of a run and save the index."""
    import mmpt_sign
    from mmpt_sign.cli.progress import progress
    from mmpt_sign.inference.collection import records_in
    from mmpt_sign.inference.index import Index

    with progress("embedding", "clip") as shown:
        index = Index.build(mmpt_sign.load(model), records_in(place, split), _kind(kind), progress=shown)
    _save(index, out)


@group.command()
def add(file: File, place: Place, model: Model = DEFAULT_MODEL, kind: How = "exact", split: Split = None) -> None:
    """Add the clips of a folder or of a run; those with the same id take the place of the old ones."""
    import mmpt_sign
    from mmpt_sign.inference.collection import records_in
    from mmpt_sign.inference.index import Index

    index = Index.load(file, mmpt_sign.load(model))
    index.add(records_in(place, split))
    index.use(_kind(kind))
    _save(index, file)


@group.command()
def remove(
    file: File,
    ids: Annotated[list[str], typer.Argument(help="Ids of clips.")],
    model: Model = DEFAULT_MODEL,
    kind: How = "exact",
) -> None:
    """Take clips out of an index."""
    import mmpt_sign
    from mmpt_sign.errors import DataError
    from mmpt_sign.inference.index import Index

    index = Index.load(file, mmpt_sign.load(model))
    unknown = set(ids) - {entry["id"] for entry in index.entries}
    if unknown:
        raise DataError(f"{file}: has no clips with these ids: {', '.join(sorted(unknown)[:SHOWN])}")
    index.remove(set(ids))
    index.use(_kind(kind))
    _save(index, file)


def _kind(name: str) -> Kind:
    from typing import get_args

    from mmpt_sign.errors import ConfigError
    from mmpt_sign.inference.index import Kind
    from mmpt_sign.registry import nearest

    known = list(get_args(Kind))
    if name not in known:
        raise ConfigError(f"--kind {name}: unknown{nearest(name, known)}; known: {', '.join(known)}")
    return cast("Kind", name)


def _save(index: Index, out: Path) -> None:
    path = index.save(out)
    measured = ""
    if index.approximate is not None:
        found = index.approximate
        measured = f", recall@10 {found.recall:.4f} against exact, {found.milliseconds:.2f} ms a query"
    typer.echo(f"{path}: {len(index)} clips, {index.kind}{measured}")
    for record_id, reason in index.skipped[:SHOWN]:
        typer.echo(f"left out {record_id}: {reason}", err=True)
    if len(index.skipped) > SHOWN:
        typer.echo(f"left out {len(index.skipped) - SHOWN} more", err=True)
