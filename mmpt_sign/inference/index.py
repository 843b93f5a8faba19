"""Search a collection of clips by text, by pose or by video; exact unless another kind is asked for.

Vectors are those of one model and mean nothing to another, so a saved index knows the fingerprint of its model and is
refused by any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mmpt_sign.errors import CheckpointError, ConfigError, DataError
from mmpt_sign.inference.approximate import Approximate
from mmpt_sign.inference.index_file import Entry, read_index, write_index
from mmpt_sign.inference.nearest import nearest

if TYPE_CHECKING:
    from mmpt_sign.inference.model import SignModel
    from mmpt_sign.poses.clip import Clip, FloatArray
    from mmpt_sign.records import Record

Kind = Literal["exact", "auto", "hnsw", "ivf"]
AUTO_FROM = 25_000  # clips from which exact search needs more than 2 ms a query (benchmarks/index.py)
CLIPS_AT_ONCE = 256
MOST_SKIPPED = 0.1
PROBES = 500


@dataclass(frozen=True, slots=True)
class Hit:
    """One answer of a search."""

    id: str
    score: float
    text: str
    sign_language: str
    signer: str


class Index:
    """Vectors of a collection's clips with what is known about them.

    ``skipped`` lists the records that could not be read when it was built, each with the reason.
    """

    def __init__(
        self, model: SignModel, vectors: FloatArray, entries: list[Entry], approximate: Approximate | None = None
    ) -> None:
        self.model = model
        self.vectors = vectors
        self.entries = entries
        self.approximate = approximate
        self.skipped: list[tuple[str, str]] = []

    @classmethod
    def build(
        cls,
        model: SignModel,
        records: Sequence[Record],
        kind: Kind = "exact",
        *,
        most_skipped: float = MOST_SKIPPED,
    ) -> Index:
        """Embed every record; those that cannot be read are left out and listed, up to a share of ``most_skipped``."""
        index = cls(model, np.zeros((0, model.experiment.text.width), np.float32), [])
        index.add(records, most_skipped=most_skipped)
        index.use(kind)
        return index

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def kind(self) -> str:
        """How it searches: exact, hnsw or ivf."""
        return self.approximate.kind if self.approximate else "exact"

    def add(self, records: Sequence[Record], *, most_skipped: float = MOST_SKIPPED) -> int:
        """Embed more records and return how many; one whose id is there already takes the old one's place.

        Search is exact afterwards, until `use` builds an approximate structure again.
        """
        skipped: list[tuple[str, str]] = []
        rows, parts = [], [np.zeros((0, self.vectors.shape[1]), np.float32)]
        for start in range(0, len(records), CLIPS_AT_ONCE):
            for record, vector in self._embedded(records[start : start + CLIPS_AT_ONCE], skipped):
                rows.append(record)
                parts.append(vector[None])
        if len(skipped) > most_skipped * len(records):
            raise DataError(
                f"{len(skipped)} of {len(records)} clips cannot be read, more than a share of {most_skipped:g}; "
                f"the first: {skipped[0][0]}: {skipped[0][1]}"
            )
        self.remove({record.id for record in rows})
        self.entries = self.entries + [_entry(record) for record in rows]
        self.vectors = np.concatenate([self.vectors, *parts])
        self.skipped += skipped
        return len(rows)

    def remove(self, ids: set[str]) -> int:
        """Take clips out by id and return how many were there; search is exact afterwards."""
        kept = [row for row, entry in enumerate(self.entries) if entry["id"] not in ids]
        gone = len(self.entries) - len(kept)
        self.approximate = None
        if gone:
            self.entries, self.vectors = [self.entries[row] for row in kept], self.vectors[kept]
        return gone

    def use(self, kind: Kind) -> None:
        """Search in this way from now on.

        ``auto`` approximates a collection for which exact search takes long, if that finds as much.
        """
        self.approximate = None
        if kind == "exact" or (kind == "auto" and len(self) < AUTO_FROM):
            return
        try:
            self.approximate = Approximate.build("ivf" if kind == "auto" else kind, self.vectors, self._probes())
        except ConfigError:
            if kind != "auto":
                raise

    def search(
        self,
        *,
        text: str | None = None,
        pose: Any = None,
        video: str | Path | None = None,
        k: int = 5,
        sign_language: str | None = None,
        signer: str | None = None,
    ) -> list[Hit]:
        """The ``k`` clips nearest to a text, a pose or a video, best first; only those of a language or signer."""
        if sum(query is not None for query in (text, pose, video)) != 1:
            raise ConfigError("search by text, by pose or by video: give exactly one of them")
        if text is not None:
            query = self.model.embed_texts([text])
        else:
            query = self.model.embed_poses([_clip_of_video(video) if video is not None else pose])
        return self.nearest(query[0], k, sign_language=sign_language, signer=signer)

    def nearest(
        self, query: FloatArray, k: int = 5, *, sign_language: str | None = None, signer: str | None = None
    ) -> list[Hit]:
        """As `search`, for a vector of the model.  A filtered search is always exact."""
        if k < 1:
            raise ConfigError(f"k must be at least 1, not {k}")
        wanted = {"sign_language": sign_language, "signer": signer}
        asked = {field: value for field, value in wanted.items() if value is not None}
        if self.approximate is not None and not asked:
            rows, scores = self.approximate.search(query, min(k, len(self)))
        else:
            rows, scores = nearest(self.vectors, query, k, self._allowed(asked) if asked else None)
        return [Hit(score=float(score), **self.entries[row]) for row, score in zip(rows, scores, strict=True)]

    def save(self, path: str | Path) -> Path:
        """Write one ``.npz`` file, complete or not at all."""
        stored = self.approximate.stored() if self.approximate else None
        return write_index(Path(path), _fingerprint(self.model), self.vectors, self.entries, stored)

    @classmethod
    def load(cls, path: str | Path, model: SignModel) -> Index:
        """Open a saved index; it must have been built with this very model."""
        meta, vectors, blob = read_index(Path(path))
        if meta.get("model") != _fingerprint(model):
            raise CheckpointError(f"{path}: built with another model; build it again")
        if vectors.shape[1] != model.experiment.text.width:
            raise CheckpointError(f"{path}: vectors of {vectors.shape[1]} numbers, the model makes others")
        approximate = None
        if blob is not None:
            approximate = Approximate.restored(meta.get("approximate") or {}, blob, vectors.shape)
        return cls(model, vectors, meta["entries"], approximate)

    def _embedded(
        self, records: Sequence[Record], skipped: list[tuple[str, str]]
    ) -> Iterator[tuple[Record, FloatArray]]:
        """Records with their vectors.  A bad one is found by halving, so that good ones stay together in batches."""
        try:
            yield from zip(records, self.model.embed_records(records), strict=True)
        except DataError as error:
            if len(records) == 1:
                skipped.append((records[0].id, str(error)))
                return
            middle = len(records) // 2
            yield from self._embedded(records[:middle], skipped)
            yield from self._embedded(records[middle:], skipped)

    def _allowed(self, asked: dict[str, str]) -> NDArray[np.bool_]:
        return np.array([all(entry[field] == value for field, value in asked.items()) for entry in self.entries], bool)

    def _probes(self) -> list[FloatArray]:
        """Queries for measuring recall: distinct texts of the collection, and clips of it."""
        texts = list(dict.fromkeys(entry["text"] for entry in self.entries))
        rng = np.random.default_rng(0)
        some = [texts[i] for i in rng.permutation(len(texts))[:PROBES]]
        return [self.model.embed_texts(some), self.vectors[rng.permutation(len(self))[:PROBES]]]


def _entry(record: Record) -> Entry:
    return {
        "id": record.id,
        "text": record.texts[0],
        "sign_language": record.sign_language,
        "signer": record.signer,
    }


def _fingerprint(model: SignModel) -> str:
    return str(model.notes.get("fingerprint", ""))


def _clip_of_video(video: str | Path) -> Clip:
    from mmpt_sign.poses.read import from_pose
    from mmpt_sign.registry import build
    from mmpt_sign.video.span import Span

    return from_pose(build("estimator", name="mediapipe").start()(Path(video), Span(), []))
