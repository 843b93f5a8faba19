"""The folder in which a TFDS data set lies as pose files, made by another process the first time it is asked for."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mmpt_sign.datasets._tfds_pass import FAILURE, INDEX, REQUEST
from mmpt_sign.errors import DataError, NotInstalledError
from mmpt_sign.files import write_text

ASKED = {"corpus", "version", "config", "split_version", "pose", "feature", "arrays", "extra", "data_dir",
         "registered_by", "fps"}  # fmt: skip
NEEDED = {"tensorflow_datasets": "tensorflow-datasets", "sign_language_datasets": "sign-language-datasets"}


def cached(folder: Path, request: Mapping[str, Any]) -> Path:
    """``folder``, once it holds what was requested; several processes that ask at once make it once."""
    if not (folder / INDEX).is_file():
        _check_installed()
        folder.mkdir(parents=True, exist_ok=True)
        with _alone_in(folder):
            if not (folder / INDEX).is_file():
                _same(folder, request, fresh=True)
                _pass(folder)
    _same(folder, request, fresh=False)
    return folder


def _check_installed() -> None:
    for module, package in NEEDED.items():
        if find_spec(module) is None:
            raise NotInstalledError(package, "datasets")


def _same(folder: Path, request: Mapping[str, Any], *, fresh: bool) -> None:
    """What is there must have been made by the same request; a first one is written down."""
    path = folder / REQUEST
    if fresh and not path.is_file():
        write_text(path, json.dumps(request, indent=1, sort_keys=True))
    if not path.is_file():
        return  # pose files that somebody else laid out in the same way
    before = json.loads(path.read_text(encoding="utf-8"))
    other = sorted(name for name in request if before.get(name) != request[name])
    if other:
        raise DataError(
            f"{folder}: was made with other options ({', '.join(f'{n}: {before.get(n)}' for n in other)}); remove it, "
            "or name another folder"
        )


def _pass(folder: Path) -> None:
    """Let tensorflow come and go with a process of its own, which has no business on an accelerator."""
    (folder / FAILURE).unlink(missing_ok=True)
    command = [sys.executable, "-m", "mmpt_sign.datasets._tfds_pass", str(folder)]
    ended = subprocess.run(
        command, env={**os.environ, "CUDA_VISIBLE_DEVICES": ""}, stdout=subprocess.DEVNULL, check=False
    )
    if ended.returncode == 0:
        return
    why = (folder / FAILURE).read_text(encoding="utf-8") if (folder / FAILURE).is_file() else "its messages are above"
    raise DataError(
        f"{folder}: the pass over the data set ended with {ended.returncode} ({why}); started again, it goes on behind "
        "the last clip; docs/data/sign_language_datasets.md has the options"
    )


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process makes the folder; the lock ends with its holder, however that ends."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
