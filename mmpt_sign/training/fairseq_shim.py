"""Make fairseq 0.12.2 importable on Python 3.11, without changing anything else in the process.

fairseq's configuration dataclasses use dataclass *instances* as default values.  Since 3.11 ``dataclasses`` refuses a
default whose class has no hash, and a dataclass with ``eq`` has none.  While fairseq's configuration classes are being
created, each of them is given ``object``'s hash; afterwards ``dataclasses`` is as it was.

Turning the defaults into factories instead does not work: fairseq reads ``field.default`` when it fills hydra's store.
``dataclasses._process_class`` is private, which is why training is tied to the Python it was verified on.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from mmpt_sign.errors import NotInstalledError
from mmpt_sign.installation import SETUP_COMMAND


def require_fairseq() -> None:
    """Import fairseq, once per process; call it before any module that imports fairseq.

    Raises:
        NotInstalledError: fairseq, or a library that it needs, is absent.
    """
    if "fairseq" in sys.modules:
        return
    if find_spec("fairseq") is None:
        raise NotInstalledError("fairseq", "train", SETUP_COMMAND)
    with _hashable_configurations(), _untouched_logging():
        try:
            importlib.import_module("fairseq")
        except ModuleNotFoundError as error:
            raise NotInstalledError(f"{error.name}, which fairseq needs,", "train", SETUP_COMMAND) from error
    _trust_namespaces()


@contextmanager
def _hashable_configurations() -> Iterator[None]:
    """Dataclasses that fairseq's modules define meanwhile keep ``object``'s hash."""
    original: Any = vars(dataclasses)["_process_class"]

    def process(cls: type, *args: Any, **options: Any) -> Any:
        made: Any = original(cls, *args, **options)
        if cls.__module__.partition(".")[0] == "fairseq" and made.__hash__ is None:
            made.__hash__ = object.__hash__
        return made

    dataclasses._process_class = process  # type: ignore[attr-defined]
    try:
        yield
    finally:
        dataclasses._process_class = original  # type: ignore[attr-defined]


@contextmanager
def _untouched_logging() -> Iterator[None]:
    """Importing fairseq configures the root logger to print everything to stdout: keep what the program chose."""
    root = logging.getLogger()
    handlers, level, disabled = root.handlers[:], root.level, root.manager.disable
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.disable(disabled)


def _trust_namespaces() -> None:
    """Checkpoints of fairseq may hold an ``argparse.Namespace``, which torch's safe loading does not know."""
    from torch.serialization import add_safe_globals

    add_safe_globals([argparse.Namespace])
