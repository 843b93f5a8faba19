"""The network that a configuration describes, without its numbers: sizes are known before memory is given to them.

A file of a few lines can describe a network of any size.  What is built in memory is therefore compared with the
weights first, on torch's ``meta`` device, and the building itself ends as soon as it has far more parts than they have.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from mmpt_sign.errors import CheckpointError
from mmpt_sign.models.dual_encoder import DualEncoder
from mmpt_sign.models.int8 import make_room

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment

SPARE = 1000  # parameters that are made and replaced again while a network is built


def outline(experiment: Experiment, state: Mapping[str, Tensor], place: str) -> dict[str, Tensor]:
    """Names, shapes and kinds of what the network of ``experiment`` has room for when it is to hold ``state``."""
    try:
        with torch.random.fork_rng(devices=[]), torch.device("meta"), _at_most(4 * len(state) + SPARE, place):
            network = DualEncoder(experiment)
            make_room(network, state)
    except (ValueError, KeyError, TypeError, RuntimeError, ArithmeticError, AssertionError) as error:
        why = (str(error).splitlines() or [type(error).__name__])[0]
        raise CheckpointError(f"{place}: describes a network that cannot be built ({why})") from error
    return network.state_dict()


@contextmanager
def _at_most(parameters: int, place: str) -> Iterator[None]:
    """End the building of a network that has more parameters than so many."""
    here, made = threading.get_ident(), 0

    def count(*_: Any) -> None:
        nonlocal made
        made += threading.get_ident() == here
        if made > parameters:
            raise CheckpointError(f"{place}: describes a network with far more parts than its weights have")

    hook = nn.modules.module.register_module_parameter_registration_hook(count)
    try:
        yield
    finally:
        hook.remove()
