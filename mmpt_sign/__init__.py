"""Sign language and text in one embedding space.

>>> import mmpt_sign
>>> model = mmpt_sign.load()  # doctest: +SKIP
>>> model.similarity(["a.pose"], ["the letter A", "the letter B"])  # doctest: +SKIP
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmpt_sign.inference.index import Index
    from mmpt_sign.inference.load import load
    from mmpt_sign.inference.model import SignModel
    from mmpt_sign.registry import build, names

__version__ = "0.1.0"
__all__ = ["Index", "SignModel", "__version__", "build", "load", "names"]

_HOMES = {
    "load": "mmpt_sign.inference.load",
    "Index": "mmpt_sign.inference.index",
    "SignModel": "mmpt_sign.inference.model",
    "build": "mmpt_sign.registry",
    "names": "mmpt_sign.registry",
}
_ROOMS = ("evaluation", "poses")


def __getattr__(name: str) -> Any:
    """Public names are fetched on first use, so that ``import mmpt_sign`` costs nothing."""
    import importlib

    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in _ROOMS:
        return importlib.import_module(f"mmpt_sign.{name}")
    raise AttributeError(f"module 'mmpt_sign' has no attribute '{name}'")
