"""The command ``mmpt-sign``: one file per command group, heavy imports inside the commands."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from mmpt_sign import __version__
from mmpt_sign.cli import (
    align,
    data,
    demo,
    experiments,
    export,
    export_i3d,
    extract,
    extract_features,
    imports,
    index,
    judge,
    launch,
    look,
    prepare,
    pseudo_label,
    serve,
    setup,
    train_demo,
    use,
)
from mmpt_sign.cli.errors import sentences


class Commands(TyperGroup):
    """A user's mistake becomes one paragraph and exit code 2, whatever the command."""

    def invoke(self, ctx: Any) -> Any:
        """Run the chosen command."""
        with sentences():
            return super().invoke(ctx)


app = typer.Typer(
    cls=Commands,
    help="Sign language and text in one embedding space: train, evaluate, embed, score, search.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)
ROOMS = (
    demo,
    train_demo,
    use,
    launch,
    judge,
    align,
    experiments,
    extract,
    extract_features,
    pseudo_label,
    data,
    prepare,
    look,
    setup,
    imports,
    export,
    export_i3d,
    index,
    serve,
)
for room in ROOMS:
    room.add_to(app)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


if __name__ == "__main__":
    app()
