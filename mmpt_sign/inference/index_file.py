"""A saved search index: one ``.npz`` file of plain arrays, written whole and checked before it is believed."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmpt_sign.errors import CheckpointError
from mmpt_sign.files import complete

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmpt_sign.poses.clip import FloatArray

FORMAT = 1
FIELDS = ("id", "text", "sign_language", "signer")
Entry = dict[str, str]


def write_index(
    path: Path,
    fingerprint: str,
    vectors: FloatArray,
    entries: list[Entry],
    approximate: tuple[dict[str, Any], NDArray[np.uint8]] | None,
) -> Path:
    """Vectors, what is known about them, and the approximate structure where there is one."""
    path = path.with_suffix(".npz")
    meta: dict[str, Any] = {"format": FORMAT, "model": fingerprint, "entries": entries}
    arrays: dict[str, NDArray[Any]] = {"vectors": vectors}
    if approximate is not None:
        meta["approximate"], arrays["approximate"] = approximate[0], approximate[1]
    with complete(path) as fresh:
        np.savez(fresh, meta=np.frombuffer(json.dumps(meta).encode(), np.uint8), **arrays)
    return path


def read_index(path: Path) -> tuple[dict[str, Any], FloatArray, NDArray[np.uint8] | None]:
    """Meta, vectors and the bytes of the approximate structure; `CheckpointError` says what is wrong."""
    path = path.with_suffix(".npz")
    try:
        _check_stored(path)
        with np.load(path, allow_pickle=False) as archive:
            vectors = archive["vectors"]
            meta = json.loads(archive["meta"].tobytes().decode())
            blob = archive["approximate"] if "approximate" in archive.files else None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise CheckpointError(f"{path}: not a search index ({error})") from error
    problem = _problem(meta, vectors)
    if problem:
        raise CheckpointError(f"{path}: {problem}")
    return meta, vectors, blob


def _check_stored(path: Path) -> None:
    """Members are never compressed, so none can be larger in memory than the file is on disk."""
    with zipfile.ZipFile(path) as archive:
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise ValueError("its members are compressed, which an index never is")


def _problem(meta: Any, vectors: NDArray[Any]) -> str | None:
    entries = meta.get("entries") if isinstance(meta, dict) else None
    if entries is None or meta.get("format") != FORMAT:
        return f"not a search index of format {FORMAT}"
    if vectors.dtype != np.float32 or vectors.ndim != 2 or not np.isfinite(vectors).all():
        return "its vectors are not rows of finite 32-bit numbers"
    if not isinstance(entries, list) or len(entries) != len(vectors):
        return f"it has {len(vectors)} vectors but not as many entries"
    if not all(isinstance(e, dict) and set(e) == set(FIELDS) and all(map(_is_text, e.values())) for e in entries):
        return f"every entry must have the texts {', '.join(FIELDS)}"
    return None


def _is_text(value: object) -> bool:
    return isinstance(value, str)
