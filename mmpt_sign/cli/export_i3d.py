"""``mmpt-sign export-i3d``: the I3D of a trained model as a public checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Register the command of this file."""
    app.command("export-i3d")(export_i3d)


def export_i3d(
    model: Annotated[Path, typer.Argument(help="Run folder or exported model with an encoder i3d.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Checkpoint to write (.pt).")],
) -> None:
    """Write the I3D of a model as `extract features` and `pseudo-label` read it, and its labels beside it."""
    import mmpt_sign
    from mmpt_sign.inference.i3d_checkpoint import labels_beside, write_i3d

    tensors, labels = write_i3d(mmpt_sign.load(model), out)
    typer.echo(f"{out}: {tensors} tensors" + (f", {labels} classes ({labels_beside(out)})" if labels else ""))
