"""The smallest ONNX files that say what a test wants: networks that give constants, whatever they are shown.

Written byte by byte (protocol buffers), because the library that writes such files is needed for nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FLOAT, IR_VERSION, OPSET = 1, 8, 13


def constant_network(path: Path, shape: tuple[int, ...], outputs: Mapping[str, NDArray[np.float32]]) -> Path:
    """A network with one input of ``shape`` that always answers with ``outputs``."""
    graph = b"".join(
        [
            *(_field(1, _text(1, f"{name}_") + _text(2, name) + _text(4, "Identity")) for name in outputs),
            _text(2, "constant"),
            *(_field(5, _tensor(f"{name}_", value)) for name, value in outputs.items()),
            _field(11, _value("picture", shape)),
            *(_field(12, _value(name, value.shape)) for name, value in outputs.items()),
        ]
    )
    path.write_bytes(_number(1, IR_VERSION) + _field(7, graph) + _field(8, _text(1, "") + _number(2, OPSET)))
    return path


def _varint(number: int) -> bytes:
    """Seven bits a byte, the lowest first."""
    pieces = []
    while number > 127:
        pieces.append(number & 127 | 128)
        number >>= 7
    return bytes([*pieces, number])


def _number(key: int, value: int) -> bytes:
    return _varint(key << 3) + _varint(value)


def _field(key: int, content: bytes) -> bytes:
    return _varint(key << 3 | 2) + _varint(len(content)) + content


def _text(key: int, text: str) -> bytes:
    return _field(key, text.encode())


def _tensor(name: str, value: NDArray[np.float32]) -> bytes:
    sizes = b"".join(_number(1, size) for size in value.shape)
    return sizes + _number(2, FLOAT) + _text(8, name) + _field(9, value.astype("<f4").tobytes())


def _value(name: str, shape: tuple[int, ...]) -> bytes:
    sizes = b"".join(_field(1, _number(1, size)) for size in shape)
    return _text(1, name) + _field(2, _field(1, _number(1, FLOAT) + _field(2, sizes)))
