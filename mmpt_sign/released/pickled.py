"""Tensors out of other projects' checkpoints, without running anything that a pickle may ask for.

torch's ``weights_only`` reader refuses every class it does not know.  Training frameworks store their options beside
the weights (``argparse.Namespace``, configuration objects, NumPy numbers), so each unknown name is given to the reader
as an inert stand-in that makes an empty dictionary of whatever it is given.  The file's own code is never imported.
"""

from __future__ import annotations

import zipfile
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmpt_sign.errors import CheckpointError
from mmpt_sign.features.refusal import refusal

if TYPE_CHECKING:
    from torch import Tensor

MAX_BYTES = 16 << 30
MAX_UNKNOWN = 1000  # classes and functions a checkpoint may name besides tensors
WHERE_WEIGHTS_ARE = ("model", "state_dict", "model_state_dict")


class Inert:
    """Stands for any class or function of a checkpoint that makes no tensor; calling it gives an empty dictionary."""

    def __new__(cls, *_: Any, **__: Any) -> Any:
        """The one kind of object that torch's reader lets be filled with items and with attributes."""
        return OrderedDict()


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The named tensors of a checkpoint: the whole of it, or what stands under ``model`` or ``state_dict``."""
    content = _loaded(path)
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{path}: holds a {type(content).__name__}, not named tensors")
    for name in WHERE_WEIGHTS_ARE:
        if isinstance(content.get(name), Mapping):
            content = content[name]
            break
    tensors = {str(key): value for key, value in content.items() if _is_tensor(value)}
    if not tensors:
        raise CheckpointError(f"{path}: holds no named tensors; its entries: {', '.join(map(str, list(content)[:10]))}")
    return tensors


def _loaded(path: Path) -> Any:
    import torch

    _check_size(path)
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        with torch.serialization.safe_globals([*_numbers(), *((Inert, name) for name in _unknown(path))]):
            return torch.load(path, map_location="cpu", weights_only=True)
    except CheckpointError:
        raise
    except Exception as error:  # whatever a foreign file makes the readers raise, the answer is the same
        raise CheckpointError(refusal(path, error)) from error


def _unknown(path: Path) -> list[str]:
    """Names in the pickle that the reader would refuse; the old file format cannot be looked through beforehand."""
    import torch

    if not zipfile.is_zipfile(path):
        return ["argparse.Namespace"]
    names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    if len(names) > MAX_UNKNOWN:
        raise CheckpointError(f"{path}: names {len(names)} classes, more than a checkpoint has")
    return sorted(set(names) - {name for _, name in _numbers()})


def _numbers() -> list[tuple[Any, str]]:
    """What NumPy's numbers and arrays are pickled as, under the module names of its versions 1 and 2."""
    import numpy as np

    parts = np._core.multiarray  # type: ignore[attr-defined]
    made_by = {"scalar": parts.scalar, "_reconstruct": parts._reconstruct}
    pairs = [(made, f"numpy.{core}.multiarray.{name}") for core in ("core", "_core") for name, made in made_by.items()]
    kinds = [getattr(np.dtypes, name) for name in np.dtypes.__all__]
    return [
        *pairs,
        (np.dtype, "numpy.dtype"),
        (np.ndarray, "numpy.ndarray"),
        *((k, f"numpy.dtypes.{k.__name__}") for k in kinds),
    ]


def _check_size(path: Path) -> None:
    """A file must not be, or unpack to, more than a model can be."""
    try:
        size = path.stat().st_size
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                size = max(size, sum(entry.file_size for entry in archive.infolist()))
    except (OSError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path}: cannot be read ({error})") from error
    if size > MAX_BYTES:
        raise CheckpointError(f"{path}: {size} bytes, more than the {MAX_BYTES} that are accepted")


def _is_tensor(value: Any) -> bool:
    import torch

    return isinstance(value, torch.Tensor)
