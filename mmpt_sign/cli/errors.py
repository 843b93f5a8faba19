"""The single place where errors become sentences and exit codes: 2 for the user's to fix, 1 for a bug."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from mmpt_sign.errors import ConfigError, MmptSignError


@contextmanager
def sentences() -> Iterator[None]:
    """Print what went wrong, where, and what to do; anything unexpected keeps its trace."""
    try:
        yield
    except ConfigError as error:
        problems = error.problems
        heading = [] if len(problems) == 1 else [f"{len(problems)} problems:"]
        typer.echo("\n".join(heading + problems), err=True)
        raise typer.Exit(2) from error
    except MmptSignError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
