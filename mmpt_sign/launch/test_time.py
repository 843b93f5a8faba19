"""What a test may ask of the data that training did not: clips mirrored, or signers made anonymous."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment

FREE = ("flip", "anonymise")  # keys of a stream that change its clips, but neither its points nor its width


def asked_of_streams(model: Any, asked: Experiment) -> dict[str, dict[str, Any]]:
    """For each stream of a trained model the free keys that the test's experiment wants otherwise."""
    trained = getattr(getattr(model, "experiment", None), "streams", {})
    found = {
        name: {key: getattr(asked.streams[name], key) for key in FREE if _differs(stream, asked.streams[name], key)}
        for name, stream in trained.items()
        if name in asked.streams
    }
    return {name: changes for name, changes in found.items() if changes}


def _differs(trained: Any, asked: Any, key: str) -> bool:
    both = hasattr(trained, key) and hasattr(asked, key)
    return both and bool(getattr(trained, key) != getattr(asked, key))
