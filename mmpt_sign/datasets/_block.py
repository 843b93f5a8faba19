"""A data set inside another block: the parts of ``combined``, or the set that a vocabulary is counted in."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, SerializeAsAny, ValidationError

from mmpt_sign.config.contracts import Dataset
from mmpt_sign.errors import ConfigError
from mmpt_sign.registry import find


def _part(value: Any) -> Any:
    """A data set from its YAML block, looked up late: its class may be the one whose fields are being made."""
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


DatasetBlock = Annotated[SerializeAsAny[Dataset], BeforeValidator(_part)]
