"""ChicagoFSWild and ChicagoFSWild+: fingerspelled words of American Sign Language in videos from the web."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

from pydantic import Field

from mmpt_sign.datasets._corpus import Corpus
from mmpt_sign.datasets._table import Row
from mmpt_sign.datasets._table_set import Column
from mmpt_sign.text.tags import SignLanguage


class ChicagoFsWild(Corpus):
    """The official splits, which keep signers apart; ``version: plus`` is the larger set."""

    usual_columns: ClassVar[dict[Column, str]] = {"path": "filename", "text": "label_proc", "split": "partition"}
    required: ClassVar[tuple[Column, ...]] = ("path", "text", "split")

    name: Literal["chicago_fs_wild"] = "chicago_fs_wild"
    version: Literal["wild", "plus"] = Field("wild", description="ChicagoFSWild, or ChicagoFSWildPlus")
    sign_language: SignLanguage | None = "ase"

    @property
    def table_names(self) -> Sequence[str]:
        """The table of the chosen version."""
        return ["ChicagoFSWild.csv" if self.version == "wild" else "ChicagoFSWildPlus.csv"]

    def ours(self, row: Row) -> Mapping[str, str]:
        """``awti/deafed_(youtube)_01`` is the clip ``awti-deafed_01``, as in sign-language-datasets."""
        name = row["path"].replace("/", "-")
        return {"id": name.replace("_(youtube)", "").replace("_(nad)", "")}
