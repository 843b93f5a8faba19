"""Show the page to whoever started the server."""

from __future__ import annotations

import webbrowser


def open_page(address: str) -> bool:
    """Open the page in the usual browser; False where there is none, as on a machine without a screen.

    Made for ``listening`` of `mmpt_sign.serve.run.run`.
    """
    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False
