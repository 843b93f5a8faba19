"""Tensors out of a TorchScript archive, the form in which CLIP was published, without running any of its code.

The archive is a zip file: a pickle that says which module holds which tensor, and the tensors' bytes.  Here modules
become inert records of their attributes, tensors are made from the bytes, and the pickle may name nothing else.
"""

from __future__ import annotations

import io
import pickle
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmpt_sign.errors import CheckpointError
from mmpt_sign.features.pickles import check_instructions

MAX_BYTES = 16 << 30
MAX_PICKLE_BYTES = 8 << 20
MAX_ATTRIBUTES, MAX_NAME = 100_000, 500
OF_MODULES = frozenset(("BINPERSID", "NEWOBJ"))  # instructions that storages and modules need
KINDS = {
    "FloatStorage": torch.float32,
    "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16,
    "DoubleStorage": torch.float64,
    "LongStorage": torch.int64,
    "IntStorage": torch.int32,
    "BoolStorage": torch.bool,
}


class Record:
    """Stands for a module: its attributes by name, and no behaviour."""

    def __init__(self) -> None:
        self.attributes: Mapping[str, Any] = {}

    def __setstate__(self, state: Any) -> None:
        named = isinstance(state, dict) and all(isinstance(name, str) and len(name) <= MAX_NAME for name in state)
        self.attributes = state if named else {}


def is_torchscript(file: Path) -> bool:
    """Whether a file is such an archive; an ordinary checkpoint has no code in it."""
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as archive:
        return any("/code/" in name or name.endswith("/constants.pkl") for name in archive.namelist())


def read_archive(file: Path) -> dict[str, Tensor]:
    """Every tensor by its dotted name."""
    try:
        with zipfile.ZipFile(file) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_BYTES:
                raise CheckpointError(f"{file}: unpacks to more than {MAX_BYTES} bytes")
            top = _Reader(archive).whole()
        return _tensors(top)
    except (zipfile.BadZipFile, pickle.UnpicklingError, *_OF_DAMAGE) as error:
        raise CheckpointError(f"{file}: not readable as a TorchScript archive ({error})") from error


_OF_DAMAGE = (
    OSError, EOFError, LookupError, ValueError, TypeError, AttributeError, ArithmeticError, RuntimeError, MemoryError,
    zlib.error,
)  # fmt: skip


class _Reader(pickle.Unpickler):
    """Reads ``data.pkl``; whatever it names besides modules, tensors and ordered dictionaries is refused."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        names = [name for name in archive.namelist() if name.endswith("/data.pkl") and name.count("/") == 1]
        if len(names) != 1 or archive.getinfo(names[0]).file_size > MAX_PICKLE_BYTES:
            raise pickle.UnpicklingError("no data.pkl of a reasonable size")
        data = archive.read(names[0])
        check_instructions(data, OF_MODULES)
        super().__init__(io.BytesIO(data))
        self._archive = archive
        self._root = names[0].removesuffix("data.pkl")
        self._storages: dict[str, Tensor] = {}

    def whole(self) -> Record:
        """The module that the archive is of."""
        top = self.load()
        if not isinstance(top, Record):
            raise pickle.UnpicklingError("holds no module")
        return top

    def find_class(self, module: str, name: str) -> Any:
        """Called for every global that the pickle names."""
        if module == "__torch__" or module.startswith("__torch__."):
            return Record
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _tensor
        if module == "torch" and name in KINDS:
            return KINDS[name]
        raise pickle.UnpicklingError(f"refused: it asks for {module}.{name}")

    def persistent_load(self, pid: Any) -> Tensor:
        """Called for every storage: ("storage", kind, key, place, numbers)."""
        kind, key = pid[1], str(pid[2])
        if not isinstance(kind, torch.dtype):
            raise pickle.UnpicklingError("a storage of no kind")
        if key not in self._storages:
            data = bytearray(self._archive.read(f"{self._root}data/{key}"))
            self._storages[key] = torch.frombuffer(data, dtype=kind) if data else torch.empty(0, dtype=kind)
        return self._storages[key]


def _tensor(storage: Tensor, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> Tensor:
    """A view of a storage, never of more numbers than it has."""
    if torch.Size(size).numel() > storage.numel():
        raise pickle.UnpicklingError("a tensor larger than its storage")
    return storage.as_strided(size, stride, offset)


def _tensors(top: Record) -> dict[str, Tensor]:
    """By dotted name.  What is looked at is counted: few modules that hold each other have names without an end."""
    found: dict[str, Tensor] = {}
    waiting, looked_at = [("", top)], 0
    while waiting:
        prefix, record = waiting.pop()
        looked_at += 1 + len(record.attributes)
        if looked_at > MAX_ATTRIBUTES or len(prefix) > MAX_NAME:
            raise pickle.UnpicklingError("modules within modules without an end")
        for name, value in record.attributes.items():
            if isinstance(value, Tensor):
                found[f"{prefix}{name}"] = value
            elif isinstance(value, Record):
                waiting.append((f"{prefix}{name}.", value))
    return found
