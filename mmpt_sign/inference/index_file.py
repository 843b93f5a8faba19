"""A saved search index: one ``.npz`` file of plain arrays, written whole and checked before it is believed."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmpt_sign.errors import CheckpointError
from mmpt_sign.files import complete
from mmpt_sign.records import Source

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mmpt_sign.poses.clip import FloatArray

FORMAT = 1
FIELDS = ("id", "text", "sign_language", "signer")
Entry = dict[str, str]
PLACE: dict[str, type | tuple[type, ...]] = {
    "path": str, "start": int, "end": int, "member": str, "item": int, "layout": str, "fps": (int, float),
}  # fmt: skip


def with_ending(path: Path, ending: str) -> Path:
    """The ending is added where it is missing and takes the place of no other: ``signs_v1.2`` is not ``signs_v1``."""
    return path if path.suffix == ending or not path.name.strip(".") else path.with_name(path.name + ending)


def write_index(
    path: Path,
    fingerprint: str,
    vectors: FloatArray,
    entries: list[Entry],
    approximate: tuple[dict[str, Any], NDArray[np.uint8]] | None,
    sources: Mapping[str, Source] | None = None,
) -> Path:
    """Vectors, what is known about them, where the clips are, and the approximate structure where there is one."""
    path = with_ending(path, ".npz")
    meta: dict[str, Any] = {"format": FORMAT, "model": fingerprint, "entries": entries}
    if sources:
        meta["sources"] = {key: _place(source) for key, source in sources.items()}
    arrays: dict[str, NDArray[Any]] = {"vectors": vectors}
    if approximate is not None:
        meta["approximate"], arrays["approximate"] = approximate[0], approximate[1]
    with complete(path) as fresh:
        np.savez(fresh, meta=np.frombuffer(json.dumps(meta).encode(), np.uint8), **arrays)
    return path


def read_index(path: Path) -> tuple[dict[str, Any], FloatArray, NDArray[np.uint8] | None]:
    """Meta, vectors and the bytes of the approximate structure; `CheckpointError` says what is wrong."""
    path = with_ending(path, ".npz")
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


def sources_of(meta: Mapping[str, Any]) -> dict[str, Source]:
    """Where the clips of a checked index are, by id; an older index does not know."""
    return {key: Source(**{**place, "path": Path(place["path"])}) for key, place in meta.get("sources", {}).items()}


def _place(source: Source) -> dict[str, Any]:
    """Complete, because the index may be opened from another folder; what is not said is left out."""
    found = {name: getattr(source, name) for name in PLACE} | {"path": str(source.path.absolute())}
    return {name: value for name, value in found.items() if value is not None}


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
    sources = meta.get("sources", {})
    if not isinstance(sources, dict) or not all(map(_is_place, sources.values())):
        return "its places of clips are not understood"
    return None


def _is_place(value: object) -> bool:
    return (
        isinstance(value, dict)
        and "path" in value
        and all(name in PLACE and isinstance(given, PLACE[name]) for name, given in value.items())
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str)
