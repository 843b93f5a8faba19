"""Show which frames of a clip answer which word: ``mmpt-sign align``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mmpt_sign.cli.use import DEFAULT_MODEL, Model


def add_to(app: typer.Typer) -> None:
    """Register the commands of this file."""
    app.command()(align)


def align(
    clip: Annotated[Path, typer.Argument(help="A .pose file, an array, or a video.")],
    sentence: Annotated[str, typer.Argument(help="The sentence, as the model reads it.")],
    model: Model = DEFAULT_MODEL,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="Folder for CSV, JSON and a heat map.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find which frames of a clip answer which word of a sentence; needs a model that compares tokens."""
    import mmpt_sign
    from mmpt_sign.evaluation import alignment as shown
    from mmpt_sign.evaluation.plots import draw

    found = mmpt_sign.load(model).align(clip, sentence)
    spans = found.spans
    if out is not None:
        shown.write_alignment(out, found)
        draw(shown.draw_alignment, out / "alignment.png", found, title=sentence)
    if as_json:
        typer.echo(shown.as_json(found, spans))
        return
    for span in spans:
        typer.echo(f"{span.start:8.2f} s - {span.end:.2f} s  {span.score:.4f}  {span.word}")
