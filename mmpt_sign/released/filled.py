"""A model filled with a released checkpoint: every tensor has its place, every place its tensor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from mmpt_sign.errors import CheckpointError
from mmpt_sign.models.checkpoint import misfits
from mmpt_sign.models.dual_encoder import DualEncoder

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment


def empty_network(experiment: Experiment) -> DualEncoder:
    """The network of an experiment; the caller's random numbers stay as they were."""
    with torch.random.fork_rng(devices=[]):
        return DualEncoder(experiment)


def filled(network: DualEncoder, state: Mapping[str, Tensor]) -> DualEncoder:
    """The network with these weights, ready for inference."""
    problems = misfits(network.state_dict(), state)
    if problems:
        raise CheckpointError("the checkpoint does not fill the model:\n  " + "\n  ".join(problems[:40]))
    network.load_state_dict(dict(state))
    return network.eval()
