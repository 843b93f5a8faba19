"""``mmpt-sign export``: a trained model in a form to pass on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

if TYPE_CHECKING:
    from mmpt_sign.inference.export import Kind


def add_to(app: typer.Typer) -> None:
    """Register the command of this file."""
    app.command()(export)


def export(
    model: Annotated[Path, typer.Argument(help="Run folder or exported model.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder to write.")],
    to: Annotated[str, typer.Option(help="safetensors, onnx (graphs for other programs) or int8.")] = "safetensors",
    half: Annotated[bool, typer.Option("--half", help="Matrices in 16 bits: half the size.")] = False,
    slim: Annotated[
        bool, typer.Option("--slim", help="As --half, and without the text weights that a pip package has.")
    ] = False,
    licence: Annotated[str | None, typer.Option(help="Of the weights, for the card: MIT, CC-BY-4.0, ...")] = None,
) -> None:
    """Write a model with its card, smaller or for other programs, and say how far it is from the original."""
    import mmpt_sign
    from mmpt_sign.inference.export import export as exported

    made = exported(mmpt_sign.load(model), out, cast("Kind", to), half=half, slim=slim, licence=licence)
    typer.echo(f"{made.folder}: {made.bytes / 1e6:.1f} MB")
    for remark in made.remarks:
        typer.echo(remark)
