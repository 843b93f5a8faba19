"""Searchable collections: ``mmpt-sign index build``, ``add``, ``remove``."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from mmpt_sign.cli.use import DEFAULT_MODEL, SHOWN, Model, tell_left_out, to_write

if TYPE_CHECKING:
    from mmpt_sign.inference.index import Index, Kind

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

    out, how = to_write(out, ".npz"), _kind(kind)
    with progress("embedding", "clip") as shown:
        index = Index.build(mmpt_sign.load(model), records_in(place, split), how, progress=shown)
    _save(index, out)


@group.command()
def add(file: File, place: Place, model: Model = DEFAULT_MODEL, kind: How = "exact", split: Split = None) -> None:
    """Add the clips of a folder or of a run; those with the same id take the place of the old ones."""
    from mmpt_sign.inference.collection import records_in

    with _changing(file, model, kind) as index:
        index.add(records_in(place, split))


@group.command()
def remove(
    file: File,
    ids: Annotated[list[str], typer.Argument(help="Ids of clips.")],
    model: Model = DEFAULT_MODEL,
    kind: How = "exact",
) -> None:
    """Take clips out of an index."""
    from mmpt_sign.errors import DataError

    with _changing(file, model, kind) as index:
        unknown = set(ids) - {entry["id"] for entry in index.entries}
        if unknown:
            raise DataError(f"{file}: has no clips with these ids: {', '.join(sorted(unknown)[:SHOWN])}")
        index.remove(set(ids))


@contextmanager
def _changing(file: Path, model: Path, kind: str) -> Iterator[Index]:
    """The index of a file, saved again after its change; mistakes in the rest are told before it is locked."""
    import mmpt_sign
    from mmpt_sign.inference.index import Index

    how, loaded = _kind(kind), mmpt_sign.load(model)
    with _alone(file):
        index = Index.load(file, loaded)
        yield index
        index.use(how)
        _save(index, file)


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Nobody else changes the index meanwhile: what another command adds would be lost.

    The index itself is locked, so nothing is left behind.  Whoever waited may hold a file that has been replaced.
    """
    from mmpt_sign.inference.index_file import with_ending

    path = with_ending(file, ".npz")
    while True:
        with path.open("r+b") as held:
            _lock(held.fileno(), path)
            if os.path.samestat(os.fstat(held.fileno()), path.stat()):
                yield
                return


def _lock(number: int, path: Path) -> None:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        typer.echo(f"{path}: another command is changing it; waiting until it is done", err=True)
        fcntl.flock(number, fcntl.LOCK_EX)


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
    tell_left_out(index)
