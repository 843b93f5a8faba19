"""Weights of the frozen networks out of public checkpoints: strict, bounded, without running anything they hold."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmpt_sign.errors import CheckpointError
from mmpt_sign.features.refusal import refusal

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mmpt_sign.config.contracts import VideoNetwork

MAX_BYTES = 4 << 30
CONTAINERS = ("state_dict", "model_state", "model", "net")
EVERYWHERE = "module."  # what torch's DataParallel writes before every name
COUNTER = "num_batches_tracked"  # old releases of torch did not keep it, and nothing here reads it
NAMED = 8


@dataclass(frozen=True)
class Loaded:
    """A network with its weights; ``ignored`` names what else the checkpoint holds."""

    network: nn.Module
    ignored: tuple[str, ...]


def load(part: VideoNetwork, path: Path) -> Loaded:
    """Build the network of ``part`` and give it the weights in ``path``; all that does not fit is told at once."""
    network = part.build()
    wanted = {name: value for name, value in network.state_dict().items() if not name.endswith(COUNTER)}
    found = tensors(path)
    prefix = max(part.prefixes, key=lambda prefix: sum(prefix + name in found for name in wanted))
    own = {name.removeprefix(prefix): value for name, value in found.items() if name.startswith(prefix)}
    unread = {name for name in own if name.startswith(part.unread) or name.endswith(COUNTER)}
    problems = _problems(wanted, {name: value for name, value in own.items() if name not in unread})
    if problems:
        raise CheckpointError(f"{path}: is no checkpoint of {part.part_name}: " + "; ".join(problems))
    network.load_state_dict({name: own[name] for name in wanted}, strict=False)
    ignored = [name for name in found if name.removeprefix(prefix) not in wanted or not name.startswith(prefix)]
    return Loaded(network.eval().requires_grad_(False), tuple(n for n in ignored if not n.endswith(COUNTER)))


def tensors(path: Path) -> dict[str, Tensor]:
    """All named tensors of a checkpoint's model, ``module.`` taken off."""
    _check_size(path)
    content = _safetensors(path) if path.suffix == ".safetensors" else _pickled(path)
    for container in CONTAINERS:
        if isinstance(content, Mapping) and isinstance(content.get(container), Mapping):
            content = content[container]
            break
    import torch

    if not isinstance(content, Mapping):
        raise CheckpointError(f"{path}: holds a {type(content).__name__}, not a dictionary of weights")
    named = {str(name): value for name, value in content.items() if isinstance(value, torch.Tensor)}
    while named and all(name.startswith(EVERYWHERE) for name in named):
        named = {name.removeprefix(EVERYWHERE): value for name, value in named.items()}
    if not named:
        raise CheckpointError(f"{path}: holds no weights under {', '.join(CONTAINERS)} or at the top")
    return named


def _problems(wanted: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> list[str]:
    missing = [name for name in wanted if name not in own]
    left_over = [name for name in own if name not in wanted]
    shapes = [
        f"{name} is {tuple(own[name].shape)}, not {tuple(value.shape)}"
        for name, value in wanted.items()
        if name in own and own[name].shape != value.shape
    ]
    told = (("missing", missing), ("left over", left_over), ("of another shape", shapes))
    return [f"{len(names)} {what} ({_some(names)})" for what, names in told if names]


def _some(names: list[str]) -> str:
    return ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")


def _check_size(path: Path) -> None:
    """Before anything is believed: an archive of torch may be compressed, and unpacks to what its table says."""
    if not path.is_file():
        raise CheckpointError(f"{path}: there is no such file")
    size = path.stat().st_size
    if size <= MAX_BYTES and zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                size = sum(entry.file_size for entry in archive.infolist())
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise CheckpointError(f"{path}: is a damaged archive ({error})") from error
    if size > MAX_BYTES:
        raise CheckpointError(f"{path}: {size} bytes of weights, more than the {MAX_BYTES} that are accepted")


def _safetensors(path: Path) -> Any:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path}: cannot be read as safetensors ({error})") from error


def _pickled(path: Path) -> Any:
    import pickle

    import torch

    try:
        with _numpy_scalars():
            return torch.load(path, map_location="cpu", weights_only=True)
    except (
        pickle.UnpicklingError,
        RuntimeError,
        ValueError,
        EOFError,
        OSError,
        LookupError,
        TypeError,
        AttributeError,
    ) as error:
        raise CheckpointError(
            f"{refusal(path, error)}; only a checkpoint whose state_dict was saved by itself can be read"
        ) from error


def _numpy_scalars() -> AbstractContextManager[Any]:
    """Training programs keep their best score as a numpy number beside the weights; such numbers are harmless."""
    import numpy as np
    import torch

    scalar: Any = np.float64(0).__reduce__()[0]
    kinds = [type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64)]
    return torch.serialization.safe_globals([scalar, (scalar, "numpy.core.multiarray.scalar"), np.dtype, *kinds])
