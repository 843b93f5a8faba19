"""Pickles that others have written, read without running anything they name.

A pickle is a program.  This one may build dictionaries, lists, texts and numbers, and arrays of numpy or torch, which
are rebuilt by functions of this file; every other name is refused.  Before the program runs, its instructions are
walked through once: each of them must be one that data need, what it announces must be there, and a table it makes room
in must not be larger than its own length.  While it runs, what the functions make is counted: no data turn one text
into bytes a thousand times.
"""

from __future__ import annotations

import gzip
import pickle
import pickletools
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Set
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import DataError

MAX_BYTES = 4 << 30
MAX_INSTRUCTIONS = 10_000_000
FREE_BYTES = 16 << 20
RATIO = 200  # numbers are packed to a half, texts to a tenth
GROWTH = 8  # the most is bytes as float32, both counted
GZIP = b"\x1f\x8b"
REFUSED = frozenset("INST OBJ NEWOBJ NEWOBJ_EX PERSID BINPERSID EXT1 EXT2 EXT4 NEXT_BUFFER READONLY_BUFFER".split())
ROOM = frozenset("PUT BINPUT LONG_BINPUT".split())
NUMBERS = frozenset("f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 b1".split())


def read_pickle(path: Path, most: int = MAX_BYTES) -> Any:
    """What a pickle holds, gzipped or not; arrays are numpy's."""
    data = _bytes(path, most)
    try:
        check_instructions(data)
        return _finished(_Reader(data).load())
    except (pickle.UnpicklingError, ValueError, EOFError, TypeError, LookupError, AttributeError, ArithmeticError,
            MemoryError, RuntimeError) as error:  # fmt: skip
        raise DataError(f"{path}: is refused as a pickle of data ({str(error) or type(error).__name__})") from error


def _bytes(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as file:
            zipped = file.read(2) == GZIP
        most = min(most, FREE_BYTES + RATIO * path.stat().st_size) if zipped else most
        with gzip.open(path) if zipped else path.open("rb") as file:
            data = bytes(file.read(most + 1))
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: cannot be read ({error})") from error
    if len(data) > most:
        raise DataError(f"{path}: more than {most} bytes, which is what is accepted")
    return data


def check_instructions(data: bytes, needed: Set[str] = frozenset()) -> None:
    """Instructions and their sizes, before any is obeyed; pickletools reads no further than there are bytes.

    ``needed`` are instructions that a reader understands although plain data do without them.
    """
    for count, (code, argument, _) in enumerate(pickletools.genops(BytesIO(data))):
        if count > MAX_INSTRUCTIONS:
            raise pickle.UnpicklingError(f"more than {MAX_INSTRUCTIONS} instructions")
        if code.name in REFUSED - needed:
            raise pickle.UnpicklingError(f"the instruction {code.name} is not one that data need")
        if code.name in ROOM and int(argument or 0) > count:
            raise pickle.UnpicklingError(f"place {argument} in a table of at most {count}")


class _Type:
    """Stands for ``numpy.dtype``: kind and byte order of plain numbers."""

    def __init__(self, code: str, align: Any = False, copy: Any = True) -> None:
        if code not in NUMBERS:
            raise pickle.UnpicklingError(f"an array of {code!r}, which are no plain numbers")
        self.type = np.dtype(code)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] not in ("<", ">", "|", "="):
            raise pickle.UnpicklingError(f"byte order {state[1]!r}")
        self.type = self.type.newbyteorder(state[1])


class _Array:
    """Stands for ``numpy.ndarray``, which alone would take any amount of memory for itself."""

    array: NDArray[Any]

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, kind, in_columns, data = state
        self.array = _shaped(data, kind, shape, "F" if in_columns else "C")


def _shaped(data: Any, kind: Any, shape: Any, order: str = "C") -> NDArray[Any]:
    if not isinstance(kind, _Type) or not isinstance(data, bytes | bytearray):
        raise pickle.UnpicklingError("an array of something else than plain numbers")
    values = np.frombuffer(data, kind.type)
    return values.reshape(tuple(int(n) for n in shape), order="F" if order == "F" else "C")


def _begun(kind: Any, *_: Any) -> _Array:
    if kind is not _Array:
        raise pickle.UnpicklingError("an array of an unknown class")
    return _Array()


def _from_buffer(data: Any, kind: Any, shape: Any, order: str, *_: Any) -> NDArray[Any]:
    return _shaped(data, kind, shape, order)


def _scalar(kind: Any, data: Any) -> Any:
    return _shaped(data, kind, (1,))[0]


def _encoded(text: str, encoding: str) -> bytes:
    """How old protocols write bytes."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"bytes in {encoding}")
    return text.encode("latin1")


def _storage(data: bytes) -> Any:
    """The numbers of a torch tensor, which are a file of torch inside the pickle, never a zip file."""
    import torch

    if data[:2] == b"PK":
        raise pickle.UnpicklingError("a tensor in a zip file, which may unpack to any size")
    return torch.load(BytesIO(data), map_location="cpu", weights_only=True)


def _tensor(storage: Any, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> NDArray[Any]:
    import torch

    if not isinstance(storage, torch.storage.TypedStorage) or any(int(n) < 0 for n in (offset, *shape, *strides)):
        raise pickle.UnpicklingError("a tensor of something else than numbers")
    flat = torch.tensor([], dtype=storage.dtype).set_(storage._untyped_storage)
    if sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True)) + offset >= len(flat) and 0 not in shape:
        raise pickle.UnpicklingError("a tensor that is larger than its storage")
    if int(np.prod(shape, dtype=object)) > len(flat):
        raise pickle.UnpicklingError("a tensor that repeats its storage")
    array: NDArray[Any] = flat.as_strided(shape, strides, offset).float().numpy().copy()
    return array


KNOWN: Mapping[tuple[str, str], Callable[..., Any]] = {
    **{(f"{room}.multiarray", "_reconstruct"): _begun for room in ("numpy.core", "numpy._core")},
    **{(f"{room}.multiarray", "scalar"): _scalar for room in ("numpy.core", "numpy._core")},
    **{(f"{room}.numeric", "_frombuffer"): _from_buffer for room in ("numpy.core", "numpy._core")},
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Type,
    ("_codecs", "encode"): _encoded,
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch.storage", "_load_from_bytes"): _storage,
}


class _Reader(pickle.Unpickler):
    def __init__(self, data: bytes) -> None:
        super().__init__(BytesIO(data))
        self._left = FREE_BYTES + GROWTH * len(data)

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in KNOWN:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which data do not need")
        make = KNOWN[module, name]
        return make if isinstance(make, type) else partial(self._counted, make)

    def _counted(self, make: Callable[..., Any], *given: Any) -> Any:
        made = make(*given)
        self._left -= _size(made)
        if self._left < 0:
            raise pickle.UnpicklingError(f"makes more than {GROWTH} times its own size")
        return made


def _size(made: Any) -> int:
    size = len(made) if isinstance(made, bytes) else getattr(made, "nbytes", 0)
    return int(size() if callable(size) else size)


def _finished(value: Any, seen: dict[int, Any] | None = None) -> Any:
    """Arrays in place of what stood for them; what occurs twice is looked at once."""
    seen = {} if seen is None else seen
    if isinstance(value, _Array):
        return value.array
    if isinstance(value, dict | list | tuple):
        if id(value) not in seen:
            seen[id(value)] = value
            if isinstance(value, dict):
                value.update({key: _finished(one, seen) for key, one in value.items()})
            elif isinstance(value, list):
                value[:] = [_finished(one, seen) for one in value]
            else:
                seen[id(value)] = tuple(_finished(one, seen) for one in value)
        return seen[id(value)]
    return value
