"""The single place where errors become sentences and exit codes: 2 for the user's to fix, 1 for a bug."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from mmpt_sign.errors import ConfigError, MmptSignError

LONGEST_NAME = 200  # of a file in a message


@contextmanager
def sentences() -> Iterator[None]:
    """Print what went wrong, where, and what to do; anything unexpected keeps its trace.

    What the system refuses is the user's to fix; Python's development mode (``PYTHONDEVMODE=1``) keeps its trace, too.
    A reader that has gone away (``| head``) is left to the command line.
    """
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
    except OSError as error:
        if isinstance(error, BrokenPipeError) or sys.flags.dev_mode:
            raise
        typer.echo(_refusal(error), err=True)
        raise typer.Exit(2) from error


def _refusal(error: OSError) -> str:
    """Of a renaming, the name that the user knows comes second; the first is that of a temporary file."""
    name = str(error.filename2 or error.filename or "")
    if not name or not error.strerror:
        return str(error) or type(error).__name__
    shown = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"
    more = ", and a folder is needed there" if isinstance(error, FileExistsError) else ""
    return f"{shown}: {error.strerror}{more}"
