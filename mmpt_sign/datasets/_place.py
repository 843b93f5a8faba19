"""Where a corpus lies on this machine, and what to say when it does not."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from mmpt_sign.errors import DataError, NotInstalledError
from mmpt_sign.text.weights import DATA_VARIABLE, data_root_or_environment


def corpus_folder(name: str, folder: Path | None, data_root: Path | None, holds: str) -> Path:
    """The folder of a data set: the one given, inside the data root or as it stands, else ``<data root>/<name>``.

    ``holds`` is a file that must be in it, so that an empty folder or a half-finished download is noticed here.
    """
    root = data_root_or_environment(data_root)
    wanted = Path(name) if folder is None else Path(folder).expanduser()
    candidates = [] if root is None else [root / wanted]
    if folder is not None and not wanted.is_absolute():
        candidates.append(wanted)
    elif root is None and folder is not None:
        candidates = [wanted]
    found = next((candidate for candidate in candidates if (candidate / holds).exists()), None)
    if found is not None:
        return found
    raise DataError(_message(name, candidates, holds))


def whole(name: str, folder: Path, files: Sequence[str]) -> list[Path]:
    """The files of a corpus; one message names all that are missing, as after a download that stopped half-way."""
    paths = [folder / file for file in files]
    missing = [path for path in paths if not path.exists()]
    if missing:
        looked = ", ".join(map(str, missing))
        there = f"{len(paths) - len(missing)} of its {len(paths)} tables are there; {folder} holds {contents(folder)}"
        raise DataError(f"data set '{name}': looked for {looked}: {there}; docs/data/{name}.md says how to get it")
    return paths


def package_folder(package: str) -> Path:
    """The folder of an installed package that holds data, found without importing it."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise NotInstalledError(f"the data package {package.replace('_', '-')}", "train")
    return Path(spec.origin).parent


def clip_files(folder: Path) -> dict[str, Path]:
    """The clips of a flat folder by their names without ending."""
    files = {path.stem: path for path in sorted(folder.glob("*")) if path.suffix in (".pose", ".npy")}
    if not files:
        raise DataError(f"{folder}: {'holds no .pose and no .npy file' if folder.is_dir() else 'no such folder'}")
    return files


def _message(name: str, candidates: list[Path], holds: str) -> str:
    hint = f"docs/data/{name}.md says how to get it"
    if not candidates:
        return (
            f"data set '{name}': no place to look for {name}/{holds}; set data_root in the YAML, the variable "
            f"{DATA_VARIABLE}, or the data set's folder; {hint}"
        )
    looked = " and ".join(str(candidate / holds) for candidate in candidates)
    there = next((candidate for candidate in candidates if candidate.is_dir()), None)
    state = "no such folder" if there is None else f"{there} exists and holds {contents(there)}"
    return f"data set '{name}': looked for {looked}: {state}; {hint}"


def contents(folder: Path) -> str:
    """Some names of a folder's files, for a message."""
    names = sorted(path.name for path in folder.iterdir())
    shown = ", ".join(names[:6])
    return f"{shown} and {len(names) - 6} more" if len(names) > 6 else shown or "nothing"
