"""What the extraction engine is given, and what it gives back.

The engine knows nothing about videos, poses or features.  It is given `Item`s and an `Extractor`, and turns each item
into one file:

    class Brightness(Extractor):                      # must be picklable: it travels to every worker
        suffix = ".npy"

        def options(self):                            # what the results depend on; a resumed job must have the same
            return {"extractor": "brightness"}

        def start(self):                              # once per worker process: load libraries and weights here
            def make(item, path):                     # once per item: write the result to exactly this path
                values = [picture.mean() for picture in frames(item.source)]
                np.save(path, values)
                return Made(frames=len(values))
            return make

    report = extract(items, Brightness(), Path("out"), workers=4, time_limit=600)     # extraction/job.py

``make`` may raise anything: the item is skipped with the reason, the job goes on.  It may also crash or hang.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

from mmpt_sign.video.span import Span


@dataclass(frozen=True)
class Item:
    """One file to make: ``target`` is its name inside the output folder, ``columns`` what an index table said of it."""

    id: str
    source: Path
    target: str
    span: Span = field(default_factory=Span)
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Made:
    """A finished file: ``columns`` go into the output's index table, ``remarks`` say what was odd about the source."""

    frames: int
    remarks: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


Make: TypeAlias = Callable[[Item, Path], Made]


class Extractor(ABC):
    """How one item becomes one file; light and picklable until `start`."""

    suffix: ClassVar[str]

    @abstractmethod
    def options(self) -> dict[str, Any]:
        """Everything that the results depend on, as JSON values."""

    @abstractmethod
    def start(self) -> Make:
        """The function that makes files; called once in every worker."""


@dataclass(frozen=True)
class Outcome:
    """How an item ended: made, or skipped for a reason.

    ``signature`` and ``stamp`` identify its source (extraction/signature.py), ``bytes`` the size of its file.
    """

    item: Item
    made: Made | None = None
    reason: str = ""
    signature: str = ""
    stamp: str = ""
    bytes: int = 0
