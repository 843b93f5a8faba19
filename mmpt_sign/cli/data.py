"""Data sets: ``mmpt-sign data check``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

group = typer.Typer(help="Check data sets.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Register the group."""
    app.add_typer(group, name="data")


@group.callback()
def _group() -> None:
    """Check data sets."""


@group.command()
def check(folder: Annotated[Path, typer.Argument(help="Folder with an index.csv.")]) -> None:
    """Report all problems of a folder of clips at once; exit code 2 if there are any."""
    from mmpt_sign.datasets._check import check_folder
    from mmpt_sign.errors import DataError

    report = check_folder(folder)
    for line in report.summary:
        typer.echo(line)
    if report.problems:
        raise DataError(report.problems)
