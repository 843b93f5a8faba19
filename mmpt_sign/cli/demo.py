"""``mmpt-sign demo``: the web page on a model, in the browser of this computer, with a dictionary to search."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from mmpt_sign.cli.use import DEFAULT_MODEL, Model, tell_left_out

HERE = "127.0.0.1"
LEXICON = "fingerspelling_lexicon"


def add_to(app: typer.Typer) -> None:
    """Register the command of this file."""
    app.command()(demo)


def demo(
    model: Model = DEFAULT_MODEL,
    among: Annotated[
        Path | None,
        typer.Option(help="Clips to search: folder, run or saved index; default: fingerspelling, if [train] is there."),
    ] = None,
    port: Annotated[int, typer.Option(help="Port on this computer; 0: any free one.")] = 0,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page when it is ready.")] = True,
) -> None:
    """Open the web page on the packaged model: score, search, sign into the camera.  Ctrl-C ends it."""
    from mmpt_sign.errors import NotInstalledError
    from mmpt_sign.serve.settings import Settings

    try:
        from mmpt_sign.serve.run import run
    except ImportError as error:
        raise NotInstalledError(f"{error.name}, which the page needs,", "serve") from error
    with _dictionary(model, among) as index:
        indexes = [] if index is None else [str(index)]
        settings = Settings.of({"models": [str(model)], "indexes": indexes, "host": HERE, "port": port})
        run(settings, lambda address: _show(address, browser))


@contextmanager
def _dictionary(model: Path, among: Path | None) -> Iterator[Path | None]:
    """A saved index for as long as the page is open; None where there are no clips."""
    import tempfile

    if among is not None and among.suffix == ".npz":
        yield among
        return
    with tempfile.TemporaryDirectory(prefix="mmpt-sign-") as folder:
        yield _indexed(model, among, Path(folder) / "dictionary.npz")


def _indexed(model: Path, among: Path | None, file: Path) -> Path | None:
    import mmpt_sign
    from mmpt_sign.cli.progress import progress
    from mmpt_sign.errors import NotInstalledError
    from mmpt_sign.inference.collection import records_in
    from mmpt_sign.inference.index import Index

    try:
        records = mmpt_sign.build("dataset", name=LEXICON).records(None) if among is None else records_in(among)
    except NotInstalledError as error:
        typer.echo(f"no dictionary to search: {error}", err=True)
        return None
    with progress("embedding the dictionary", "clip") as shown:
        index = Index.build(mmpt_sign.load(model), records, progress=shown)
    tell_left_out(index)
    return index.save(file)


def _show(address: str, browser: bool) -> None:
    import webbrowser

    typer.echo(f"The page is at {address}; Ctrl-C ends it")
    if browser:
        webbrowser.open(address)
