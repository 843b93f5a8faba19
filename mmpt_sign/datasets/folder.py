"""Any user's data without code: a folder with an index table of ``.pose`` files and arrays."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from mmpt_sign.datasets._pose_set import inside
from mmpt_sign.datasets._table import Row
from mmpt_sign.datasets._table_set import Column, TableSet
from mmpt_sign.poses.arrays import POINTS
from mmpt_sign.records import Source


class Folder(TableSet):
    """Columns: path and text; and where known id, split, signer, sign_language, text_language, group, frames, fps.

    ``start`` and ``end`` bound the frames of a clip inside a longer file (end excluded); ``member`` and ``item`` name
    the array and the entry inside an ``.npz`` archive.
    """

    usual_columns: ClassVar[dict[Column, str]] = {
        "path": "pose", "sign_language": "language", "text_language": "spoken_language", "frames": "n_frames",
    }  # fmt: skip
    required: ClassVar[tuple[Column, ...]] = ("path", "text")

    name: Literal["folder"] = "folder"
    folder: Path = Field(description="where the index is; relative to the data root or to the current folder")
    index: str = Field("index.csv", description="file name of the table")
    layout: str | None = Field(None, description="what the points of arrays are")
    member: str | None = Field(None, description="array inside .npz files, where the table does not say")
    allow_absolute: bool = Field(False, description="accept paths outside the folder if they are absolute")

    @property
    def landmark(self) -> str:
        """The table."""
        return self.index

    def tables(self, folder: Path) -> Sequence[Path]:
        """One."""
        return [folder / self.index]

    def source(self, table: Path, row: Row, position: int) -> Source:
        """The row's file and span, checked as far as that needs no reading."""
        path = inside(table.parent, row["path"], self.allow_absolute)
        if path.suffix not in POINTS:
            raise ValueError(f"path '{row['path']}' is none of {', '.join(POINTS)}")
        start, end, item = row.integer("start"), row.integer("end"), row.integer("item")
        if (start or 0) < 0 or (end is not None and end <= (start or 0)):
            raise ValueError(f"frames {start} to {end} are no span: start counts from 0 and end is excluded")
        if (item or 0) < 0:
            raise ValueError(f"item {item} is negative")
        is_array = path.suffix in (".npy", ".npz")
        member = row["member"] or self.member if path.suffix == ".npz" else None
        layout, fps = (self.layout if is_array else None), row.number_of("fps") or self.fps
        return Source(path, start, end, member, item, layout, fps)
