"""Bring in what other projects released: ``mmpt-sign import signclip``, ``import cico``, ``import features``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

group = typer.Typer(help="Import what other projects released.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group, name="import")


@group.callback()
def _group() -> None:
    """Import what other projects released."""


@group.command()
def signclip(
    checkpoint: Annotated[Path, typer.Argument(help="Released checkpoint (.pt).", exists=True, dir_okay=False)],
    out: Annotated[Path, typer.Option("-o", "--out", help="Model folder to write.")],
    recipe: Annotated[str | None, typer.Option(help="Shipped experiment that trained it: baseline_temporal.")] = None,
    config: Annotated[Path | None, typer.Option(help="The original's own run file instead.", exists=True)] = None,
    tokenizer: Annotated[
        Path | None, typer.Option(help="Folder or vocab.txt of its BERT, if not in the data root.", exists=True)
    ] = None,
    heads: Annotated[int | None, typer.Option(min=1, help="Attention heads, if not of 64 numbers each.")] = None,
    override: Annotated[list[str] | None, typer.Option("-O", "--override", help="key=value of the recipe.")] = None,
) -> None:
    """Turn a SignCLIP checkpoint into a model folder that embeds as the original does."""
    from mmpt_sign.released.importer import import_signclip

    made = import_signclip(
        checkpoint, out, recipe=recipe, config=config, tokenizer=tokenizer, heads=heads, overrides=override or ()
    )
    _told(made, f"recipe {made.recipe}")


@group.command()
def cico(
    checkpoint: Annotated[Path, typer.Argument(help="Released checkpoint (.pth).", exists=True, dir_okay=False)],
    out: Annotated[Path, typer.Option("-o", "--out", help="Model folder to write.")],
    alpha: Annotated[
        float | None, typer.Option(help="Share of the domain-agnostic features; default: 0.9 for ph_…, else 0.8.")
    ] = None,
    vocabulary: Annotated[
        Path | None, typer.Option(help="CLIP's tokeniser, if it is not beside the checkpoint.", exists=True)
    ] = None,
    heads: Annotated[int | None, typer.Option(min=1, help="Attention heads, if not of 64 numbers each.")] = None,
    max_words: Annotated[int, typer.Option(min=3, help="Words of a text, start and end counted in.")] = 32,
    sha256: Annotated[str | None, typer.Option(help="Checksum that the file must have.")] = None,
) -> None:
    """Turn a CiCo checkpoint into a model folder that scores as the original does."""
    from mmpt_sign.released.cico import import_cico

    made = import_cico(
        checkpoint, out, alpha=alpha, vocabulary=vocabulary, heads=heads, max_words=max_words, sha256=sha256
    )
    _told(made, made.recipe)


@group.command()
def seds(
    checkpoint: Annotated[Path, typer.Argument(help="Released checkpoint (.bin).", exists=True, dir_okay=False)],
    out: Annotated[Path, typer.Option("-o", "--out", help="Model folder to write.")],
    corpus: Annotated[
        str | None, typer.Option(help="phoenix14t, how2sign or csl_daily; default: as the file's name begins.")
    ] = None,
    vocabulary: Annotated[
        Path | None, typer.Option(help="CLIP's tokeniser, if it is not beside the checkpoint.", exists=True)
    ] = None,
    estimator: Annotated[str, typer.Option(help="Whose key points it was trained on.")] = "rtmpose",
    heads: Annotated[int | None, typer.Option(min=1, help="Attention heads, if not of 64 numbers each.")] = None,
    sha256: Annotated[str | None, typer.Option(help="Checksum that the file must have.")] = None,
) -> None:
    """Turn a SEDS checkpoint into a model folder that scores as the original does."""
    from mmpt_sign.released.seds import import_seds

    made = import_seds(
        checkpoint, out, corpus=corpus, vocabulary=vocabulary, estimator=estimator, heads=heads, sha256=sha256
    )
    _told(made, made.recipe)


@group.command()
def features(
    places: Annotated[list[Path], typer.Argument(help="Feature files, and folders that are searched for them.")],
    layout: Annotated[str, typer.Option(help="npy, cico_pkl, seds_pkl, seds_keypoints, twostream_pkl or mat.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the clip store, new or to be added to.")],
    ids: Annotated[Path | None, typer.Option(help="File with the ids that are wanted, one per line.")] = None,
    split: Annotated[str | None, typer.Option(help="Split of all of them; default: the folder they lie in.")] = None,
    key: Annotated[str | None, typer.Option(help="Name of the array inside the files, if not the usual one.")] = None,
    fps: Annotated[float, typer.Option(min=0.01, help="Rows per second.")] = 25.0,
    workers: Annotated[int, typer.Option(min=1, help="Processes that read files.")] = 1,
    max_skipped: Annotated[float, typer.Option(min=0, max=1, help="Share of files that may be unreadable.")] = 0.05,
    drop: Annotated[bool, typer.Option("--drop", help="Let clips of the store go that are not given now.")] = False,
) -> None:
    """Bring the feature files of CiCo, SEDS, TwoStream or FingerCLIP into a clip store, once."""
    from mmpt_sign.cli.progress import progress
    from mmpt_sign.errors import ConfigError
    from mmpt_sign.features.build import build_store
    from mmpt_sign.features.foreign import LAYOUTS, Reader, read_ids, records_of
    from mmpt_sign.registry import nearest

    known = {name: name for name in LAYOUTS}
    if layout not in known:
        raise ConfigError(f"--layout {layout}{nearest(layout, list(known))}; known: {', '.join(known)}")
    wanted = None if ids is None else read_ids(ids)
    records = records_of(places, known[layout], split=split, ids=wanted)
    reader = Reader(known[layout], key, fps)
    with progress("importing", "file") as shown:
        built = build_store(
            records,
            reader,
            out,
            workers=workers,
            max_skipped=max_skipped,
            others="drop" if drop else "keep",
            progress=shown,
        )
    typer.echo(f"{out}: {built.clips} clips, {built.frames} rows, {built.form}; {built.added} imported now")
    if built.skipped:
        typer.echo(f"{len(built.skipped)} files could not be used: {out / 'skipped.csv'} says why")


def _told(made: Any, recipe: str) -> None:
    """What became of a checkpoint."""
    typer.echo(f"{made.folder}: {made.parameters:,} parameters, {recipe}, every tensor matched by name")
    typer.echo(f"left out, because nothing reads them: {', '.join(made.ignored) or 'none'}")
    for remark in made.remarks:
        typer.echo(f"note: {remark}")
