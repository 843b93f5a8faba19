"""``mmpt-sign setup``: the part of the installation that pip alone cannot do."""

from __future__ import annotations

import typer


def add_to(app: typer.Typer) -> None:
    """Register the command of this file."""
    app.command()(setup)


def setup() -> None:
    """Install fairseq and the default text weights into this environment (after pip install 'mmpt_sign[train]')."""
    from mmpt_sign.installation import set_up

    set_up(typer.echo)
