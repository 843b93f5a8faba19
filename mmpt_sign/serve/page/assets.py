"""The files of the page, found once, under an address that changes with their contents.

Small files are in memory; what comes from npm is large and stays on disk.  Names of requests are only looked up here.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from string import Template

from mmpt_sign.serve.page.tables import languages, skeleton
from mmpt_sign.serve.page.vendoring import FILES, HOLISTIC, LOCK, is_complete

HERE = Path(__file__).parent / "static"
WORKER = "holistic/worker.js"
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: in memory, or where it is on disk."""

    kind: str
    content: bytes = b""
    path: Path | None = None
    works: bool = False  # whether it is a worker, which has a policy of its own

    @property
    def tag(self) -> str:
        """Its ETag."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


@dataclass(frozen=True)
class Assets:
    """All files of the page by name, the document itself, and what their address is called."""

    version: str
    document: Asset
    files: dict[str, Asset]
    camera: bool

    @classmethod
    def found(cls) -> Assets:
        """Read the page; the build of MediaPipe belongs to it where it has been fetched."""
        names = {path.relative_to(HERE).as_posix(): path for path in sorted(HERE.rglob("*.*"))}
        files = {name: Asset(_kind(path), path.read_bytes(), works=name == WORKER) for name, path in names.items()}
        document = files.pop("index.html")
        for name, value in (("languages.json", languages()), ("skeleton.json", skeleton())):
            files[name] = Asset(KINDS[".json"], json.dumps(value, separators=(",", ":")).encode())
        parts = [name.encode() + b"\0" + asset.content for name, asset in sorted(files.items())]
        version = hashlib.sha256(b"\0".join([*parts, LOCK.read_bytes()])).hexdigest()[:16]
        camera = is_complete()
        if camera:
            large = [HOLISTIC / name for name in FILES]
            files |= {f"holistic/{path.name}": Asset(_kind(path), path=path) for path in large}
        text = Template(document.content.decode()).substitute(files=f"page/files/{version}")
        return cls(version, Asset(document.kind, text.encode()), files, camera)


def _kind(path: Path) -> str:
    return KINDS.get(path.suffix, "application/octet-stream")
