"""Start a new model from the weights of a trained one: ``init_from:`` a run, an exported or an imported model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mmpt_sign.errors import CheckpointError
from mmpt_sign.models.checkpoint import WEIGHTS, misfits, stored_state
from mmpt_sign.models.int8 import in_floats
from mmpt_sign.models.lora import UPDATE, plain_name

if TYPE_CHECKING:
    from mmpt_sign.config.schema import InitFrom
    from mmpt_sign.models.dual_encoder import DualEncoder


def start_from(network: DualEncoder, start: InitFrom, seed: int | None = None) -> None:
    """Load by name; a difference of any key that is not told to start anew is an error that lists all of them.

    Of a run of several seeds the model of the same ``seed`` is taken.
    """
    stored = in_floats(stored_state(_weights(start.model, seed).parent))
    own = {plain_name(key): value for key, value in network.state_dict().items() if UPDATE not in key}
    taken = {key: value for key, value in stored.items() if not key.startswith(start.fresh)}
    wanted = {key: value for key, value in own.items() if not key.startswith(start.fresh)}
    problems = misfits(wanted, taken)
    if problems:
        listed = "\n  ".join(problems)
        raise CheckpointError(
            f"init_from {start.model}: {len(problems)} differences between its weights and this model:\n  {listed}\n"
            "parts that should start anew are named by init_from: {model: …, fresh: [video.pose.front_end]}"
        )
    real = {plain_name(key): key for key in network.state_dict() if UPDATE not in key}
    network.load_state_dict({real[key]: value for key, value in taken.items()}, strict=False)


def _weights(model: Path, seed: int | None) -> Path:
    seeds = sorted(model.glob(f"seed-*/model/{WEIGHTS}"))
    own = model / f"seed-{seed}" / "model" / WEIGHTS
    places = (model / WEIGHTS, model / "model" / WEIGHTS, own, *(seeds if len(seeds) == 1 else ()))
    found: Path | None = next((place for place in places if place.is_file()), None)
    if found is None:
        several = f"; it holds {len(seeds)} seeds, none of them {seed}: name one" if seeds else ""
        raise CheckpointError(f"init_from {model}: no {WEIGHTS} there or in its folder 'model'{several}")
    return found
