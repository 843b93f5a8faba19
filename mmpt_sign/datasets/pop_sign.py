"""PopSign ASL: 250 isolated ASL signs on smartphone cameras, one folder per sign."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from mmpt_sign.datasets._corpus import Corpus
from mmpt_sign.datasets._table import Row
from mmpt_sign.errors import DataError
from mmpt_sign.text.tags import SignLanguage

SPLITS = ("train", "val", "test")


class PopSign(Corpus):
    """``poses/SPLIT/SIGN/VIDEO.pose``: there is no table, the folders are what is known."""

    name: Literal["pop_sign"] = "pop_sign"
    clips: str = Field("poses/{split}/{text}/{id}.pose", description="file of a clip")
    sign_language: SignLanguage | None = "ase"

    @property
    def landmark(self) -> str:
        """The folder of the training split."""
        return f"{self.clips.partition('{')[0]}train"

    def tables(self, folder: Path) -> Sequence[Path]:
        """The folder of each split."""
        return [folder / self.landmark.removesuffix("train") / split for split in SPLITS]

    def rows(self, table: Path) -> list[Row]:
        """Every pose file of a split, in the order of names."""
        ending = Path(self.clips).suffix
        files = sorted(table.glob(f"*/*{ending}")) if table.is_dir() else []
        if not files:
            state = "holds none" if table.is_dir() else "does not exist"
            raise DataError(f"{table}: {state} of SIGN/VIDEO{ending}; docs/data/{self.name}.md says how to get them")
        values = [{"id": file.stem, "text": file.parent.name, "split": table.name} for file in files]
        return [Row(number, own) for number, own in enumerate(values, start=1)]
