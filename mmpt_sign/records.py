"""What a data set yields: one `Record` per clip, cheap to list and to test because nothing is decoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mmpt_sign.poses.clip import Clip


SPLITS = ("train", "valid", "test")
NAMES_OF_SPLITS = {
    **{name: name for name in SPLITS}, "val": "valid", "validation": "valid", "dev": "valid", "training": "train",
    "testing": "test", "public_test": "test",
}  # fmt: skip


def usual_split(name: str) -> str:
    """Our name of a split that corpora call in several ways; any other name as it is."""
    return NAMES_OF_SPLITS.get(name.lower(), name)


class Making(Protocol):
    """A clip that lies in no file: generated, or put together of others.

    An implementation is a frozen dataclass, so that it travels to other processes and its ``repr`` says all that the
    clip depends on, besides the files of ``sources``.
    """

    @property
    def frames(self) -> int:
        """How long the clip is, without making it."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """Clips in files that it is made of."""

    def clip(self) -> Clip:
        """Make it; the same one each time."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where the frames of one clip are.

    ``path`` is a ``.pose`` file, a ``.npy`` array, an ``.npz`` archive or the folder of a clip store.  In an archive
    ``member`` names the array and ``item`` the entry along its first axis; in a store they are the id of the record and
    the number of the clip.  ``start`` and ``end`` bound the frames (end excluded, None = to the end).
    Arrays know nothing about themselves, so ``layout`` names their points and ``fps`` their rate.  Where ``made`` is
    given the clip is made when it is read, and ``path`` only says in messages where it comes from.
    """

    path: Path
    start: int | None = None
    end: int | None = None
    member: str | None = None
    item: int | None = None
    layout: str | None = None
    fps: float | None = None
    made: Making | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """One clip with what is known about it.

    ``texts`` are ready prompts; any of them is a right answer and training draws one.  Records with the same ``group``
    are the same answer in evaluation; where a data set has no groups the first text is the group.  ``sources`` names
    the streams whose frames are elsewhere than in ``source``, such as features beside poses, or nowhere (None).
    """

    id: str
    split: str
    texts: tuple[str, ...]
    source: Source
    signer: str = ""
    sign_language: str = ""
    text_language: str = ""
    group: str = ""
    frames: int | None = None
    extra: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, Source | None] = field(default_factory=dict)

    @property
    def answer(self) -> str:
        """What makes two records interchangeable: their group, else their first prompt."""
        return self.group or self.texts[0]

    def source_of(self, stream: str) -> Source | None:
        """Where the frames of one stream are; None: this clip has none."""
        return self.sources.get(stream, self.source)
