"""Several data sets as one, in list order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SerializeAsAny, ValidationError

from mmpt_sign.config.contracts import Dataset
from mmpt_sign.errors import ConfigError
from mmpt_sign.records import Record
from mmpt_sign.registry import find


def _part(value: Any) -> Any:
    """A data set from its YAML block, looked up late: this set is one of those that the field's type would list."""
    name = value.get("name") if isinstance(value, dict) else value
    if isinstance(value, Dataset) or not isinstance(name, str):
        return value
    try:
        return find("dataset", name).model_validate(value)
    except ConfigError as error:
        raise ValueError(str(error)) from error
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_url=False)]
        raise ValueError(f"data set '{name}': {'; '.join(problems)}") from error


class Combined(Dataset):
    """The records of all parts; ids get the name of their part, so that equal ids do not meet."""

    name: Literal["combined"] = "combined"
    parts: tuple[Annotated[SerializeAsAny[Dataset], BeforeValidator(_part)], ...] = Field(min_length=1)
    splits: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="per part: splits to rename, such as {train: ignore} to test on a set only"
    )

    def records(self, data_root: Path | None) -> Sequence[Record]:
        """All records of all splits, part after part."""
        return [
            replace(
                record, id=f"{prefix}_{record.id}", split=self.splits.get(prefix, {}).get(record.split, record.split)
            )
            for prefix, part in zip(self.prefixes(), self.parts, strict=True)
            for record in part.records(data_root)
        ]

    def prefixes(self) -> list[str]:
        """Names of the parts, numbered where one occurs several times."""
        names = [str(getattr(part, "name", "part")) for part in self.parts]
        often = Counter(names)
        return [name if often[name] == 1 else f"{name}{names[:i].count(name) + 1}" for i, name in enumerate(names)]
