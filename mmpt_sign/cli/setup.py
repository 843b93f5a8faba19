"""``mmpt-sign setup``: the part of the installation that pip alone cannot do."""

from __future__ import annotations

from typing import Annotated

import typer


def add_to(app: typer.Typer) -> None:
    """Register the command of this file."""
    app.command()(setup)


def setup(
    what: Annotated[
        str, typer.Argument(help="train: all of it; text: the default text weights; page: the web page's camera.")
    ] = "train",
) -> None:
    """Install what pip cannot: fairseq and the default text weights, or with 'text' these weights alone (90 MB).

    'page' fetches with npm what the web page needs to estimate poses from the camera (50 MB).

    Training needs pip install 'mmpt_sign[train]' first; the weights alone need nothing but the core.
    """
    if what == "page":
        from mmpt_sign.serve.page.vendoring import fetch

        return fetch(typer.echo)
    from mmpt_sign.installation import set_up

    set_up(typer.echo, what)
