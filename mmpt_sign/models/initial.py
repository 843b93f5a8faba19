"""Start a new model from the weights of a trained one: ``init_from:`` a run or an exported folder."""

from __future__ import annotations

from pathlib import Path

from mmpt_sign.errors import CheckpointError
from mmpt_sign.models.checkpoint import WEIGHTS, load_weights
from mmpt_sign.models.dual_encoder import DualEncoder


def start_from(network: DualEncoder, source: Path) -> None:
    """Load by name; a difference of any key is an error that lists it."""
    found = next((f for f in (source / WEIGHTS, source / "model" / WEIGHTS) if f.is_file()), None)
    if found is None:
        raise CheckpointError(f"init_from {source}: no {WEIGHTS} there or in its folder 'model'")
    load_weights(network, found)
