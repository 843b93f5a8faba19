"""Arrays in files of Matlab: version 5 through SciPy, version 7.3 (which is HDF5) where h5py is installed."""

from __future__ import annotations

import zlib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError, NotInstalledError

MAX_NUMBERS = 1 << 28
HDF5 = b"\x89HDF\r\n\x1a\n"
HDF5_AT = 512  # Matlab writes a header of its own before it


def read_mat(path: Path, key: str | None = None) -> NDArray[Any]:
    """The variable ``key``, or the only one with two dimensions larger than one."""
    try:
        with path.open("rb") as file:
            head = file.read(HDF5_AT + len(HDF5))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    if head.startswith(b"MATLAB 7.3") or HDF5 in (head[: len(HDF5)], head[HDF5_AT:]):
        return _version_7(path, key)
    return _version_5(path, key)


def _version_5(path: Path, key: str | None) -> NDArray[Any]:
    from scipy.io import loadmat, whosmat
    from scipy.io.matlab import MatReadError

    try:
        name = _chosen(path, {name: tuple(shape) for name, shape, _ in whosmat(path)}, key)
        value: NDArray[Any] = loadmat(path, variable_names=[name])[name]
    except (MatReadError, ValueError, TypeError, LookupError, OSError, EOFError, zlib.error, NotImplementedError,
            MemoryError, AttributeError) as error:  # fmt: skip
        raise DataError(f"{path}: not readable as a file of Matlab ({error})") from error
    return np.asarray(value)


def _version_7(path: Path, key: str | None) -> NDArray[Any]:
    if find_spec("h5py") is None:
        raise NotInstalledError("h5py, which reads Matlab files of version 7.3,", "train", "pip install h5py")
    h5py: Any = import_module("h5py")

    try:
        with h5py.File(path, "r") as file:
            shapes = {name: tuple(one.shape) for name, one in file.items() if isinstance(one, h5py.Dataset)}
            return np.asarray(file[_chosen(path, shapes, key)]).T  # HDF5 counts axes the other way round
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise DataError(f"{path}: not readable as a file of Matlab ({error})") from error


def _chosen(path: Path, shapes: dict[str, tuple[int, ...]], key: str | None) -> str:
    matrices = [name for name, shape in shapes.items() if len(shape) == 2 and min(shape) > 1]
    name = key if key is not None else matrices[0] if len(matrices) == 1 else None
    if name not in shapes or name is None:
        raise DataError(f"{path}: name its variable with --key; it has {', '.join(shapes) or 'none'}")
    if int(np.prod(shapes[name], dtype=object)) > MAX_NUMBERS:
        raise DataError(f"{path}: '{name}' claims {shapes[name]} numbers, more than {MAX_NUMBERS}")
    return name
