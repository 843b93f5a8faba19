"""Search a collection of clips by text or by pose: exact, in memory, saved as plain arrays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mmpt_sign.errors import CheckpointError, ConfigError
from mmpt_sign.files import complete

if TYPE_CHECKING:
    from mmpt_sign.inference.model import SignModel
    from mmpt_sign.poses.clip import FloatArray
    from mmpt_sign.records import Record

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer of a search."""

    id: str
    score: float
    text: str
    sign_language: str
    signer: str


class Index:
    """Vectors of a collection's clips with what is known about them."""

    def __init__(self, model: SignModel, vectors: FloatArray, entries: list[dict[str, str]]) -> None:
        self.model = model
        self.vectors = vectors
        self.entries = entries

    @classmethod
    def build(cls, model: SignModel, records: Sequence[Record]) -> Index:
        """Embed every record."""
        entries = [
            {"id": r.id, "text": r.texts[0], "sign_language": r.sign_language, "signer": r.signer} for r in records
        ]
        return cls(model, model.embed_records(records), entries)

    def __len__(self) -> int:
        return len(self.entries)

    def search(self, *, text: str | None = None, pose: Any = None, k: int = 5) -> list[Hit]:
        """The ``k`` clips nearest to a text or to a pose, best first."""
        if (text is None) == (pose is None):
            raise ConfigError("search by text or by pose: give exactly one of the two")
        query = self.model.embed_texts([text]) if text is not None else self.model.embed_poses([pose])
        scores = self.model.score(self.vectors, query)[:, 0]
        best = np.argsort(-scores, kind="stable")[:k]
        return [Hit(score=float(scores[i]), **self.entries[i]) for i in best]

    def save(self, path: str | Path) -> Path:
        """Write one ``.npz`` file, complete or not at all."""
        path = Path(path).with_suffix(".npz")
        meta = json.dumps({"format": FORMAT, "model": self.model.notes.get("fingerprint", ""), "entries": self.entries})
        with complete(path) as fresh:
            np.savez(fresh, vectors=self.vectors, meta=np.frombuffer(meta.encode(), np.uint8))
        return path

    @classmethod
    def load(cls, path: str | Path, model: SignModel) -> Index:
        """Open a saved index; it must have been built with this very model."""
        path = Path(path).with_suffix(".npz")
        try:
            with np.load(path, allow_pickle=False) as archive:
                vectors = archive["vectors"]
                meta = json.loads(archive["meta"].tobytes().decode())
        except (OSError, ValueError, KeyError) as error:
            raise CheckpointError(f"{path}: not a search index ({error})") from error
        if meta.get("format") != FORMAT or len(meta.get("entries", [])) != len(vectors):
            raise CheckpointError(f"{path}: not a search index of format {FORMAT}")
        if meta["model"] != model.notes.get("fingerprint", ""):
            raise CheckpointError(f"{path}: built with another model; build it again")
        return cls(model, vectors, meta["entries"])
