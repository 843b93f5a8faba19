"""The manifest of a store: what it is, which files belong to it, and what each of them must be.

It is written last and in one go, so a folder holds either the store before a build or the store after it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mmpt_sign.errors import DataError
from mmpt_sign.features.block import Form
from mmpt_sign.features.sealed import digest_of, read_sealed, sealed, write_settled

VERSION = 2
MANIFEST, SHARDS = "manifest.json", "shards"
OWN_FILE = re.compile(r"index-[0-9a-f]{16}\.arrow|shards/[0-9]{5,9}\.(bin|json)")


@dataclass(frozen=True)
class Manifest:
    """``files`` gives the size and the SHA-256 of every file; ``skipped`` names the records left out, with reasons."""

    version: int
    points: tuple[str, ...]
    dims: int
    clips: int
    frames: int
    index: str
    shards: tuple[str, ...]
    files: dict[str, tuple[int, str]]
    skipped: dict[str, str]

    @property
    def form(self) -> Form:
        """What all clips have in common."""
        return Form.of(self.points, self.dims)

    def write(self, folder: Path) -> None:
        """Make this the manifest of the folder."""
        write_settled(folder / MANIFEST, sealed(asdict(self)))


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a finished store."""
    path = folder / MANIFEST
    if not path.is_file():
        begun = (folder / SHARDS).is_dir()
        state = "an unfinished clip store: the same 'mmpt-sign data build' goes on" if begun else "no clip store there"
        raise DataError(f"{folder}: {state} ({MANIFEST} is missing)")
    content = read_sealed(path)
    if content.get("version") != VERSION:
        raise DataError(f"{path}: not a clip store of version {VERSION}; build it again")
    try:
        manifest = _understood(content)
        strange = [name for name in manifest.files if not OWN_FILE.fullmatch(name)]
        needed = {manifest.index, *(f"{shard}.{end}" for shard in manifest.shards for end in ("bin", "json"))}
        if strange or needed != set(manifest.files) or len(set(manifest.shards)) != len(manifest.shards):
            raise ValueError(f"its files do not fit together {strange[:3]}")
        manifest.form  # noqa: B018  (raises where the points make no form)
    except (KeyError, TypeError, ValueError, AttributeError, DataError) as error:
        raise DataError(f"{path}: incomplete ({error})") from error
    return manifest


def _understood(content: dict[str, Any]) -> Manifest:
    return Manifest(
        version=VERSION,
        points=tuple(str(name) for name in content["points"]),
        dims=int(content["dims"]),
        clips=int(content["clips"]),
        frames=int(content["frames"]),
        index=str(content["index"]),
        shards=tuple(str(name) for name in content["shards"]),
        files={str(name): (int(size), str(digest)) for name, (size, digest) in content["files"].items()},
        skipped={str(name): str(reason) for name, reason in content["skipped"].items()},
    )


def wrong_sizes(folder: Path, manifest: Manifest) -> list[str]:
    """Files that are missing, cut off or too long; quick enough for every opening."""
    return [f"{folder / name}: has {found} bytes, the manifest says {size}"
            for name, (size, _) in manifest.files.items() if (found := _size(folder, name)) != size]  # fmt: skip


def changed_files(folder: Path, manifest: Manifest) -> Iterator[tuple[str, str | None]]:
    """Every file with what is wrong with it (None: nothing), all bytes of it read."""
    for name, (size, digest) in manifest.files.items():
        found = _size(folder, name)
        if found != size:
            yield name, f"{folder / name}: has {found} bytes, the manifest says {size}"
        else:
            changed = digest_of(folder / name) != digest
            yield name, f"{folder / name}: has changed since it was written" if changed else None


def _size(folder: Path, name: str) -> int:
    try:
        return os.stat(f"{folder}/{name}").st_size
    except OSError:
        return 0
