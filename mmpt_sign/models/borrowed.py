"""Frozen text weights that every user has in a pip package already need not be stored with each model.

A slim model names the package, the tensors it takes from there and their digest: an installed package whose numbers
differ is refused, because its texts would lie elsewhere in the space than those that the model was trained with.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import torch
from pydantic import Field, ValidationError
from torch import Tensor

from mmpt_sign.config.contracts import Options
from mmpt_sign.errors import CheckpointError
from mmpt_sign.models.bert import pretrained_state
from mmpt_sign.text.weights import PACKAGED, locate

BODY = "text.bert."  # the state of a text tower's BERT inside the state of a model


class Borrowed(Options):
    """Which tensors a stored model lacks, where they are, and what they must be."""

    weights: str = Field(description="name of the packaged weights")
    sha256: str = Field(description="digest of the tensors, by name and value")
    tensors: tuple[str, ...] = Field(min_length=1, description="their names without the beginning 'text.bert.'")


def borrowable(state: Mapping[str, Tensor]) -> Borrowed | None:
    """What of a model's text tower an installed package has, number by number; None if nothing."""
    for name in PACKAGED:
        packaged = pretrained_state(locate(name))
        same = [
            key.removeprefix(BODY)
            for key, value in state.items()
            if key.startswith(BODY) and _equal(packaged.get(key.removeprefix(BODY)), value)
        ]
        if same:
            return Borrowed(weights=name, sha256=_digest(packaged, same), tensors=tuple(sorted(same)))
    return None


def stated(content: Mapping[str, Any], place: str) -> Borrowed | None:
    """What the configuration of a stored model says that it borrows."""
    if content.get("borrowed") is None:
        return None
    try:
        found = Borrowed.model_validate(content["borrowed"])
    except ValidationError as error:
        raise CheckpointError(f"{place}: what it borrows is not described as it should be ({error})") from error
    if found.weights not in PACKAGED:
        raise CheckpointError(
            f"{place}: borrows the weights '{found.weights}', which no package is known to have; known: "
            + ", ".join(PACKAGED)
        )
    return found


def lent(borrowed: Borrowed, place: str) -> dict[str, Tensor]:
    """The borrowed tensors under their names in the model."""
    packaged = pretrained_state(locate(borrowed.weights))
    package = PACKAGED[borrowed.weights][0].replace("_", "-")
    if any(name not in packaged for name in borrowed.tensors) or _digest(packaged, borrowed.tensors) != borrowed.sha256:
        raise CheckpointError(
            f"{place}: was made with other text weights than the installed package {package} has; install the version "
            "that it was made with ('mmpt-sign setup text' installs the usual one), or export the model anew"
        )
    return {BODY + name: packaged[name] for name in borrowed.tensors}


def _equal(packaged: Tensor | None, own: Tensor) -> bool:
    return packaged is not None and packaged.dtype == own.dtype and torch.equal(packaged, own.cpu())


def _digest(state: Mapping[str, Tensor], names: tuple[str, ...] | list[str]) -> str:
    found = hashlib.sha256()
    for name in sorted(names):
        value = state[name].contiguous()
        found.update(f"{name} {tuple(value.shape)}\n".encode())
        found.update(value.numpy().data)
    return found.hexdigest()
