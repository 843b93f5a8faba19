"""A trained model whose streams prepare clips another way: mirrored, anonymised, thinned; the weights stay."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from mmpt_sign.errors import ConfigError
from mmpt_sign.registry import nearest


def with_streams(model: Any, options: Mapping[str, Mapping[str, Any]]) -> Any:
    """The model with some options of its streams changed; itself where nothing changes."""
    if not options:
        return model
    experiment = model.experiment
    streams = dict(experiment.streams)
    for name, changes in options.items():
        if name not in streams:
            known = ", ".join(streams)
            raise ConfigError(f"streams: the model has no '{name}'{nearest(name, list(streams))}; it has {known}")
        streams[name] = _changed(streams[name], name, changes)
    changed = copy.copy(model)
    changed.experiment = experiment.model_copy(update={"streams": streams})
    return changed


def _changed(stream: Any, name: str, changes: Mapping[str, Any]) -> Any:
    unknown = sorted(set(changes) - set(type(stream).model_fields))
    if unknown:
        known = sorted(type(stream).model_fields)
        hints = [f"streams.{name}: unknown key '{key}'{nearest(key, known)}" for key in unknown]
        raise ConfigError([*hints[:-1], f"{hints[-1]}; known: {', '.join(known)}"])
    try:
        changed = type(stream).model_validate({**stream.model_dump(), **changes})
    except ValidationError as error:
        problems = error.errors(include_url=False)
        raise ConfigError([f"streams.{name}.{'.'.join(map(str, p['loc']))}: {p['msg']}" for p in problems]) from error
    if changed.width != stream.width:
        raise ConfigError(
            f"streams.{name}: {', '.join(changes)} changes the frames from {stream.width} to {changed.width} numbers, "
            "which the weights do not fit; only options that keep the width can change in an evaluation"
        )
    return changed
