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
from mmpt_sign.inference.encoded import Encoded, Vectors, stacked
from mmpt_sign.inference.following import Progress, followed
from mmpt_sign.inference.index_file import Entry, read_index, sources_of, write_index
from mmpt_sign.inference.nearest import nearest
from mmpt_sign.inference.rerank import CANDIDATES, Shelf, can_rerank, reordered

if TYPE_CHECKING:
    from mmpt_sign.inference.model import SignModel
    from mmpt_sign.poses.clip import FloatArray
    from mmpt_sign.records import Record, Source

Kind = Literal["exact", "auto", "hnsw", "ivf"]
AUTO_FROM = 25_000  # clips from which exact search needs more than 2 ms a query (benchmarks/index.py)
CLIPS_AT_ONCE = 64
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

    ``skipped`` lists the records that could not be read when it was built, each with the reason.  ``sources`` says by
    id where a clip's frames are, so that a hit can be shown; clips that lie in no file are not in it.
    """

    def __init__(
        self, model: SignModel, vectors: FloatArray, entries: list[Entry], approximate: Approximate | None = None
    ) -> None:
        self.model = model
        self.vectors = vectors
        self.entries = entries
        self.approximate = approximate
        self.tokens: Shelf | None = None  # of a model that compares tokens
        self.skipped: list[tuple[str, str]] = []
        self.sources: dict[str, Source] = {}

    @classmethod
    def build(
        cls,
        model: SignModel,
        records: Sequence[Record],
        kind: Kind = "exact",
        *,
        most_skipped: float = MOST_SKIPPED,
        progress: Progress | bool = False,
    ) -> Index:
        """Embed every record; bad ones are left out and listed, up to a share of ``most_skipped``."""
        index = cls(model, np.zeros((0, model.experiment.text.width), np.float32), [])
        index.add(records, most_skipped=most_skipped, progress=progress)
        index.use(kind)
        return index

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def kind(self) -> str:
        """How it searches: exact, hnsw or ivf."""
        return self.approximate.kind if self.approximate else "exact"

    def add(
        self, records: Sequence[Record], *, most_skipped: float = MOST_SKIPPED, progress: Progress | bool = False
    ) -> int:
        """Embed more records and return how many; one whose id is there already takes the old one's place.

        Search is exact afterwards, until `use` builds an approximate structure again.
        """
        skipped: list[tuple[str, str]] = []
        rows: list[Record] = []
        parts: list[Vectors] = []
        for record, item in followed(self._all_embedded(records, skipped), progress, len(records)):
            rows.append(record)
            parts.append(item)
        if len(skipped) > most_skipped * len(records):
            raise DataError(
                f"{len(skipped)} of {len(records)} clips cannot be read, more than a share of {most_skipped:g}; "
                f"the first: {skipped[0][0]}: {skipped[0][1]}"
            )
        self.remove({record.id for record in rows})
        self.entries = self.entries + [_entry(record) for record in rows]
        if parts:
            self._append(stacked(parts))
        self.sources |= {record.id: record.source for record in rows if record.source.made is None}
        self.skipped += skipped
        return len(rows)

    def remove(self, ids: set[str]) -> int:
        """Take clips out by id and return how many were there; search is exact afterwards."""
        kept = [row for row, entry in enumerate(self.entries) if entry["id"] not in ids]
        gone = len(self.entries) - len(kept)
        self.approximate = None
        if gone:
            self.entries, self.vectors = [self.entries[row] for row in kept], self.vectors[kept]
            self.tokens = None if self.tokens is None else self.tokens.kept(np.array(kept, np.int64))
            self.sources = {key: source for key, source in self.sources.items() if key not in ids}
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
        rerank: int = CANDIDATES,
    ) -> list[Hit]:
        """The ``k`` clips nearest to a text, a pose or a video, best first; only those of a language or signer.

        A model that compares tokens orders the ``rerank`` first candidates of a text by its own similarity (0: none).
        """
        if sum(query is not None for query in (text, pose, video)) != 1:
            raise ConfigError("search by text, by pose or by video: give exactly one of them")
        if text is not None:
            query = self.model.encode_texts([text])
        else:
            query = self.model.embed_videos(video) if video is not None else self.model.embed_poses([pose])
        return self.nearest(query[0], k, sign_language=sign_language, signer=signer, rerank=rerank)

    def nearest(
        self,
        query: Vectors,
        k: int = 5,
        *,
        sign_language: str | None = None,
        signer: str | None = None,
        rerank: int = CANDIDATES,
    ) -> list[Hit]:
        """As `search`, for a vector of the model or one encoded text.  The first pass of a filtered search is exact."""
        if k < 1:
            raise ConfigError(f"k must be at least 1, not {k}")
        wanted = {"sign_language": sign_language, "signer": signer}
        asked = {field: value for field, value in wanted.items() if value is not None}
        again = self.tokens if rerank and can_rerank(self.model, query) else None
        vector = query.vectors[0] if isinstance(query, Encoded) else query
        wide = k if again is None else max(k, rerank)
        if self.approximate is not None and not asked:
            rows, scores = self.approximate.search(vector, min(wide, len(self)))
        else:
            rows, scores = nearest(self.vectors, vector, wide, self._allowed(asked) if asked else None)
        if again is not None:
            rows, scores = reordered(self.model, again, query, rows)
        return [Hit(score=float(score), **self.entries[row]) for row, score in zip(rows[:k], scores[:k], strict=True)]

    def save(self, path: str | Path) -> Path:
        """Write one ``.npz`` file, complete or not at all, and the tokens of a model that compares them beside it."""
        if self.tokens is not None:
            self.tokens.save(Path(path), self._ids(), _fingerprint(self.model))
        stored = self.approximate.stored() if self.approximate else None
        return write_index(Path(path), _fingerprint(self.model), self.vectors, self.entries, stored, self.sources)

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
        index = cls(model, vectors, meta["entries"], approximate)
        index.sources = sources_of(meta)
        if model.compares_tokens:
            index.tokens = Shelf.load(Path(path), index._ids(), _fingerprint(model))
        return index

    def _all_embedded(
        self, records: Sequence[Record], skipped: list[tuple[str, str]]
    ) -> Iterator[tuple[Record, Vectors]]:
        for start in range(0, len(records), CLIPS_AT_ONCE):
            yield from self._embedded(records[start : start + CLIPS_AT_ONCE], skipped)

    def _embedded(self, records: Sequence[Record], skipped: list[tuple[str, str]]) -> Iterator[tuple[Record, Vectors]]:
        """Records with their vectors.  A bad one is found by halving, so that good ones stay together in batches."""
        try:
            yield from zip(records, self.model.encode_records(records, only_seen=True), strict=True)
        except DataError as error:
            if len(records) == 1:
                skipped.append((records[0].id, str(error)))
                return
            middle = len(records) // 2
            yield from self._embedded(records[:middle], skipped)
            yield from self._embedded(records[middle:], skipped)

    def _append(self, found: Vectors) -> None:
        """Vectors behind those that are there, and tokens likewise."""
        self.vectors = np.concatenate([self.vectors, np.asarray(found, np.float32)])
        if isinstance(found, Encoded):
            shelf = Shelf.of(found, self.model.network.pairs[self.model.pairs[0]][0])
            self.tokens = shelf if self.tokens is None else self.tokens.joined(shelf)

    def _ids(self) -> list[str]:
        return [entry["id"] for entry in self.entries]

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
