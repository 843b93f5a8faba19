"""Use a trained model: ``score``, ``embed``, ``search``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mmpt_sign.cli.errors import LONGEST_NAME

if TYPE_CHECKING:
    from mmpt_sign.inference.index import Index

Model = Annotated[Path, typer.Option("--model", "-m", help="Run folder or exported model; default: the packaged one.")]
DEFAULT_MODEL = Path("default")  # as mmpt_sign.inference.load has it; a test compares
FROM_HERE = 20  # inputs from which a command says how far it is
PICTURES = (".png", ".svg", ".pdf")
SHOWN = 5  # clips that were left out, by name


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    for command in (score, embed, search):
        app.command()(command)


def score(
    pose: Annotated[Path, typer.Argument(help="A .pose file or a video.")],
    prompts: Annotated[list[str], typer.Argument(help="Prompts to compare it with.")],
    model: Model = DEFAULT_MODEL,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw bars into this picture (.png, .svg or .pdf).")] = None,
) -> None:
    """Score a pose file or a video against prompts, one line each in the order given."""
    import mmpt_sign

    if plot is not None:
        _check_picture(plot)
    scores = mmpt_sign.load(model).similarity([pose], prompts)[0]
    rows = [(prompt, float(value)) for prompt, value in zip(prompts, scores, strict=True)]
    if plot is not None:
        _draw(plot, rows, pose.name)
    if as_json:
        typer.echo(json.dumps([{"prompt": prompt, "score": value} for prompt, value in rows]))
        return
    for prompt, value in rows:
        typer.echo(f"{prompt!r} {value}")


def embed(
    inputs: Annotated[list[str], typer.Argument(help="Pose files and videos, or prompts with --text.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="File .npy to write the vectors to.")],
    model: Model = DEFAULT_MODEL,
    text: Annotated[bool, typer.Option("--text", help="The inputs are prompts.")] = False,
) -> None:
    """Write the vectors of pose files, videos or prompts, one row each."""
    import numpy as np

    import mmpt_sign
    from mmpt_sign.cli.progress import progress
    from mmpt_sign.files import complete

    out = to_write(out, ".npy")
    loaded = mmpt_sign.load(model)
    if text:
        vectors = loaded.embed_texts(inputs)
    else:
        with progress("embedding", "clip") as shown:
            vectors = loaded.embed_poses(inputs, progress=shown if len(inputs) >= FROM_HERE else False)
    with complete(out) as fresh:
        np.save(fresh, vectors)
    typer.echo(f"{out}: {vectors.shape[0]} vectors of {vectors.shape[1]} numbers")


def search(
    query: Annotated[str, typer.Argument(help="Text, a file of points, or a video.")],
    among: Annotated[Path, typer.Option(help="Folder with an index.csv, a run folder, or a saved index (.npz).")],
    model: Model = DEFAULT_MODEL,
    k: Annotated[int, typer.Option("-k", min=1, help="Answers wanted.")] = 5,
    sign_language: Annotated[str | None, typer.Option(help="Only clips of this sign language.")] = None,
    signer: Annotated[str | None, typer.Option(help="Only clips of this signer.")] = None,
    save: Annotated[Path | None, typer.Option(help="Keep the index in this .npz file.")] = None,
) -> None:
    """Find the clips nearest to a text, a pose or a video."""
    import mmpt_sign
    from mmpt_sign.cli.progress import progress
    from mmpt_sign.inference.clips import kind_of
    from mmpt_sign.inference.collection import records_in
    from mmpt_sign.inference.index import Index

    if save is not None:
        save = to_write(save, ".npz")
    loaded = mmpt_sign.load(model)
    if among.suffix == ".npz":
        index = Index.load(among, loaded)
    else:
        with progress("embedding", "clip") as shown:
            index = Index.build(loaded, records_in(among), progress=shown)
    tell_left_out(index)
    if save is not None:
        index.save(save)
    asked: dict[str, Any] = {kind_of(query): query}
    for hit in index.search(**asked, k=k, sign_language=sign_language, signer=signer):
        typer.echo(f"{hit.score:.4f}  {hit.id}  {hit.text}")


def to_write(path: Path, ending: str) -> Path:
    """The file to write, with its ending: one that cannot be written is refused before the work, not after it."""
    from tempfile import TemporaryFile

    from mmpt_sign.errors import ConfigError
    from mmpt_sign.inference.index_file import with_ending

    named = with_ending(path, ending)
    try:
        if named.is_dir():
            raise ConfigError(f"{named}: is a folder; name a file")
        folder = next(parent for parent in named.absolute().parents if parent.exists())
        with TemporaryFile(dir=folder):
            return named
    except OSError as error:
        raise ConfigError(f"{str(named)[:LONGEST_NAME]}: cannot be written ({error.strerror})") from error


def tell_left_out(index: Index) -> None:
    """Name the clips that are not in an index because they cannot be read or show nothing."""
    for record_id, reason in index.skipped[:SHOWN]:
        typer.echo(f"left out {record_id}: {reason}", err=True)
    if len(index.skipped) > SHOWN:
        typer.echo(f"left out {len(index.skipped) - SHOWN} more", err=True)


def _check_picture(picture: Path) -> None:
    from mmpt_sign.errors import ConfigError

    if picture.suffix.lower() not in PICTURES:
        raise ConfigError(f"--plot {picture}: pictures end in .png, .svg or .pdf")
    to_write(picture, picture.suffix)


def _draw(picture: Path, rows: list[tuple[str, float]], title: str) -> None:
    from mmpt_sign.evaluation.plots import bars

    bars(picture, dict(rows), "score", title)
    typer.echo(f"{picture}: bars of {len(rows)} scores", err=True)
