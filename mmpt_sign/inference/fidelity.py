"""How far a model in another form is from the one that it was made of, measured on clips and prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from mmpt_sign.errors import MmptSignError
from mmpt_sign.inference.facts import run_of

if TYPE_CHECKING:
    from mmpt_sign.inference.model import SignModel
    from mmpt_sign.poses.clip import FloatArray
    from mmpt_sign.records import Record

MOST_CLIPS = 200
SPLITS = ("test", "valid", "train")
MADE_CLIPS, MADE_FRAMES = 32, (4, 48)
MADE_PROMPTS = tuple(
    f"<en> <ase> {word}" for word in "house sun water friend school bread night river tree book".split()
)


@dataclass(frozen=True)
class Probe:
    """Clips as the streams encode them, prompts, and which prompt is right for each clip where that is known."""

    clips: list[dict[str, FloatArray]]
    prompts: tuple[str, ...]
    right: list[int] = field(default_factory=list)
    of: str = ""


def probe(model: SignModel) -> Probe:
    """From the held-out data of the model's own run; made-up motion where they are not to be had."""
    run = run_of(model.folder)
    if run is not None:
        from mmpt_sign.inference.collection import records_in

        for split in SPLITS:
            try:
                return _of_records(model, records_in(run, split), split)
            except (MmptSignError, OSError):
                continue
    return _made_up(model)


def compared(given: Probe, before: tuple[FloatArray, FloatArray], after: tuple[FloatArray, FloatArray]) -> str:
    """One line about vectors of clips and of prompts, before and after."""
    scores = [clips @ prompts.T for clips, prompts in (before, after)]
    best = [score.argmax(1) for score in scores]
    apart = np.abs(scores[0] - scores[1]).max()
    line = (
        f"measured on {len(given.clips)} {given.of}: scores differ by at most {apart:.2g}, "
        f"vectors have a cosine of at least {_least_cosine(before[0], after[0]):.5f}, the best of "
        f"{len(given.prompts)} prompts is the same for {np.mean(best[0] == best[1]):.1%}"
    )
    if not given.right:
        return line
    hits = [np.mean(found == np.array(given.right)) for found in best]
    return f"{line} and right for {hits[1]:.1%} (before: {hits[0]:.1%})"


def vectors(model: SignModel, given: Probe) -> tuple[FloatArray, FloatArray]:
    """Of clips and of prompts."""
    return model.embed_frames(given.clips), model.embed_texts(given.prompts)


def _of_records(model: SignModel, records: Sequence[Record], split: str) -> Probe:
    chosen = [records[i] for i in np.linspace(0, len(records) - 1, min(len(records), MOST_CLIPS)).astype(int)]
    prompts = {record.answer: record.texts[0] for record in reversed(chosen)}
    answers = list(prompts)
    clips = [model.frames_of(record) for record in chosen]
    right = [answers.index(record.answer) for record in chosen]
    return Probe(clips, tuple(prompts.values()), right, f"clips of the {split} split")


def _made_up(model: SignModel) -> Probe:
    rng = np.random.default_rng(0)
    streams = model.experiment.streams

    def clip() -> dict[str, FloatArray]:
        length = int(rng.integers(*MADE_FRAMES))
        return {
            name: np.cumsum(rng.normal(scale=0.2, size=(min(length, part.max_frames), part.width)), 0, np.float32)
            for name, part in streams.items()
        }

    return Probe([clip() for _ in range(MADE_CLIPS)], MADE_PROMPTS, of="made-up clips")


def _least_cosine(a: FloatArray, b: FloatArray) -> float:
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(((a * b).sum(1) / np.maximum(norms, 1e-12)).min())
