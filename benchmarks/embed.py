"""One text and one pose embedding against the plain way of the original, and how many a second when there are many.

    python -m benchmarks.embed [--rounds 6]

The plain way is what SignCLIP's own calls do: a text runs through the text tower padded to 64 tokens while a random
pose of 256 padded frames runs through the video tower; a pose is padded to 256 frames while an empty text of 64
tokens runs through the text tower; one after the other, however many there are. Both ways use the same towers (6
layers, width 384, random weights) on one thread and take turns; processor time is counted, which other jobs do not
lengthen. The one pose has 73 frames, as the original's sample; many have the lengths of a real dictionary (median about
89). The text tower is not frozen, so that no prompt is remembered.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from benchmarks.train import LONGEST, SHAPE, TEXT, WIDTH
from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.inference.model import SignModel
from mmpt_sign.models.checkpoint import self_contained
from mmpt_sign.models.dual_encoder import DualEncoder
from mmpt_sign.models.packed_linear import pack_linears
from mmpt_sign.poses.clip import FloatArray

Works = Sequence[Callable[[], object]]
MANY, SAMPLE = 32, 73
WORDS = "house sun police water friend school bread night river tree book letter coffee hello large small".split()
GOAL = {"text": 10.0, "pose": 3.0}


def made_model() -> SignModel:
    """Two towers of six layers with the packaged tokeniser."""
    values = {
        "dataset": {"name": "folder", "folder": "."},
        "streams": {"pose": {"kind": "pose", "points": "reduced_face", "max_frames": LONGEST}},
        "video": {"pose": {"encoder": {"name": "bert_video", "weights": None, "architecture": SHAPE}}},
        "text": {"name": "bert", "weights": "minilm", "max_tokens": TEXT},
        "similarity": {"video_text": "pooled_dot"},
        "loss": {"video_text": "info_nce"},
    }
    experiment = experiment_from_values(values, "benchmark")
    points = tuple(f"POSE_LANDMARKS.{n}" for n in range(WIDTH // 3))
    stream = experiment.streams["pose"].model_copy(update={"point_names": points})
    fixed = experiment.model_copy(update={"streams": {"pose": stream}})
    return SignModel(DualEncoder(fixed).eval(), self_contained(fixed), fixed.text.tokenizer())


def as_loaded(model: SignModel) -> SignModel:
    """The same towers as `mmpt_sign.load` hands them out on a CPU."""
    network = deepcopy(model.network)
    pack_linears(network)
    return SignModel(network, model.experiment, model.tokenizer)


def plain_text(model: SignModel, text: str) -> Tensor:
    """The text padded to the maximum, and a random pose beside it."""
    ids, mask = _padded_ids(model, text)
    model.network.encode_video({"pose": _padded_frames(np.random.rand(1, WIDTH).astype(np.float32))})
    return model.network.encode_text(ids, mask).pooled


def plain_pose(model: SignModel, frames: FloatArray) -> Tensor:
    """The pose padded to the maximum, and the empty text beside it."""
    model.network.encode_text(*_padded_ids(model, ""))
    return model.network.encode_video({"pose": _padded_frames(frames)})["video"].pooled


def _padded_ids(model: SignModel, text: str) -> tuple[Tensor, Tensor]:
    row = torch.tensor(model.tokenizer.encode([text], TEXT))
    missing = TEXT - row.shape[1]
    return pad(row, (0, missing)), pad(torch.ones_like(row, dtype=torch.bool), (0, missing))


def _padded_frames(frames: FloatArray) -> tuple[Tensor, Tensor]:
    x = torch.from_numpy(frames)[None]
    missing = LONGEST - x.shape[1]
    return pad(x, (0, 0, 0, missing)), pad(torch.ones(x.shape[:2], dtype=torch.bool), (0, missing))


def milliseconds(work: Callable[[], object]) -> float:
    """Processor time."""
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1e3


def taking_turns(rounds: int, plain: Works, own: Works) -> list[float]:
    """Medians of both ways; the first turn of each is not counted."""
    times: list[list[float]] = [[], []]
    for turn in range(rounds + 1):
        for way, works in enumerate((plain, own)):
            taken = milliseconds(works[turn % len(works)])
            if turn:
                times[way].append(taken)
    return [statistics.median(each) for each in times]


def main() -> None:
    """Print the figures."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--rounds", type=int, default=6)
    options = given.parse_args()
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    original = made_model()
    model = as_loaded(original)
    texts = [f"<en> <ase> {word} {n}" for n in range(MANY // len(WORDS)) for word in WORDS]
    lengths = np.clip(rng.lognormal(np.log(89), 0.45, MANY), 8, LONGEST).astype(int)
    clips = [rng.normal(size=(length, WIDTH)).astype(np.float32) for length in lengths]
    sample = rng.normal(size=(SAMPLE, WIDTH)).astype(np.float32)
    with torch.inference_mode():
        plain = [partial(plain_text, original, text) for text in texts]
        own = [partial(model.embed_texts, [text]) for text in texts]
        report("text", options.rounds, plain, own, partial(model.embed_texts, texts))
        plain, own = [partial(plain_pose, original, sample)], [partial(model.embed_frames, [sample])]
        report("pose", options.rounds, plain, own, partial(model.embed_frames, clips))


def report(name: str, rounds: int, plain: Works, own: Works, many: Callable[[], object]) -> None:
    """One line."""
    before, after = taking_turns(rounds, plain, own)
    together = min(milliseconds(many) for _ in range(2)) / MANY
    print(
        f"{name}: plain {before:.1f} ms, here {after:.1f} ms: {before / after:.1f} times (wanted {GOAL[name]:.0f}); "
        f"{MANY} in one call: {1e3 / together:.0f} a second, {before / together:.0f} times"
    )


if __name__ == "__main__":
    main()
