"""Classes instead of texts: one learned vector per label, so that classification is retrieval among all labels."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from mmpt_sign.config.contracts import Text
from mmpt_sign.errors import ConfigError
from mmpt_sign.features.classes import read_classes
from mmpt_sign.text.weights import found_file

if TYPE_CHECKING:
    from torch import nn

    from mmpt_sign.text.labels import LabelTokenizer


class Labels(Text):
    """For a closed list of texts; a text that is not on it cannot be embedded."""

    name: Literal["labels"] = "labels"
    labels: tuple[str, ...] | Path = Field(description="the labels, or a file with one per line (CiCo's class.txt)")
    size: int = Field(1025, ge=1, description="numbers per label: those of the tower that they are compared with")
    weights: str | None = Field(None, description="public checkpoint of I3D whose classifier the labels start from")

    def resolved(self) -> Labels:
        """With the labels spelled out."""
        return self if isinstance(self.labels, tuple) else self.model_copy(update={"labels": self._listed()})

    def _listed(self) -> tuple[str, ...]:
        if isinstance(self.labels, tuple):
            return self.labels
        found = _read(found_file(self.labels))
        if len(set(found)) < len(found):
            raise ConfigError(f"{self.labels}: names a label twice")
        return found

    @property
    def width(self) -> int:
        """Numbers per label."""
        return self.size

    def tokenizer(self, folder: Path | None = None) -> LabelTokenizer:
        """The labels by their numbers."""
        from mmpt_sign.text.labels import LabelTokenizer

        return LabelTokenizer(self._listed())

    def build(self) -> nn.Module:
        """The table."""
        from mmpt_sign.models.label_table import LabelTable

        return LabelTable(self.resolved())


@lru_cache(maxsize=8)
def _read(path: Path) -> tuple[str, ...]:
    return tuple(read_classes(path))
