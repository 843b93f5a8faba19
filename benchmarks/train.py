"""One training step on real clip lengths: length buckets and merged texts against padding to 256 and one text per clip.

    python benchmarks/train.py [--steps 6] [--threads 2]

Both ways train the same model (6 layers, width 384) on the same clips in turn, step by step, so that a change of the
machine's speed hits both; the figure to look at is the ratio of examples per second.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np
import torch

from mmpt_sign.batches.collate import Collator
from mmpt_sign.batches.example import Example
from mmpt_sign.batches.sampler import EpochBatches
from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.config.schema import BatchOptions
from mmpt_sign.models.dual_encoder import DualEncoder

BATCH, WIDTH, CLASSES, CLIPS, LONGEST, TEXT = 32, 609, 250, 2048, 256, 64
SHAPE = {
    "hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 12, "intermediate_size": 1536,
    "vocab_size": 30522, "max_position_embeddings": 512,
}  # fmt: skip


def model() -> DualEncoder:
    """A pose tower and a text tower of six layers each."""
    values = {
        "dataset": {"name": "folder", "folder": "."},
        "streams": {"pose": {"kind": "pose", "points": "reduced_face"}},
        "video": {"pose": {"encoder": {"name": "bert_video", "weights": None, "architecture": SHAPE}}},
        "text": {"name": "bert", "weights": None, "architecture": SHAPE},
        "similarity": {"video_text": "pooled_dot"},
        "loss": {"video_text": "info_nce"},
    }
    experiment = experiment_from_values(values, "benchmark")
    points = tuple(f"POSE_LANDMARKS.{n}" for n in range(WIDTH // 3))
    stream = experiment.streams["pose"].model_copy(update={"point_names": points})
    return DualEncoder(experiment.model_copy(update={"streams": {"pose": stream}}))


def clips(rng: np.random.Generator) -> tuple[list[Example], list[str], list[int]]:
    """Clips of the lengths of a real dictionary (median about 89 of at most 256 frames), prompts of 8 to 15 tokens."""
    lengths = np.clip(rng.lognormal(np.log(89), 0.45, CLIPS), 8, LONGEST).astype(int).tolist()
    classes = rng.integers(0, CLASSES, CLIPS).tolist()
    prompts = [[101, *rng.integers(1000, 20000, int(rng.integers(6, 14))).tolist(), 102] for _ in range(CLASSES)]
    examples = [
        Example(i, {"pose": rng.normal(size=(n, WIDTH)).astype(np.float32)}, prompts[c], c, c)
        for i, (n, c) in enumerate(zip(lengths, classes, strict=True))
    ]
    return examples, [str(c) for c in classes], lengths


def padded_to_the_maximum(examples: list[Example]) -> list[Example]:
    """What the original feeds: every clip 256 frames and every prompt 64 tokens long (the masks stay true)."""
    return [
        Example(
            e.index,
            {
                "pose": np.concatenate(
                    [e.frames["pose"], np.zeros((LONGEST - len(e.frames["pose"]), WIDTH), np.float32)]
                )
            },
            [*e.tokens, *[0] * (TEXT - len(e.tokens))],
            e.text_id,
            e.answer_id,
        )
        for e in examples
    ]


def step(network: DualEncoder, optimizer: torch.optim.Optimizer, collate: Collator, examples: list[Example]) -> float:
    """Seconds of one update: collate, forward, backward, Adam."""
    start = time.perf_counter()
    batch = collate(examples)
    streams = {name: (frames["x"], frames["mask"]) for name, frames in batch.streams.items()}
    loss = network.losses(network(streams, batch.text_ids, batch.text_mask), batch.same_answer)["loss"]
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return time.perf_counter() - start


def main() -> None:
    """Print seconds per step of both ways and the ratio of their medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    examples, answers, lengths = clips(rng)
    options = BatchOptions()
    ours = EpochBatches(answers, lengths, options, size=BATCH, seed=1)(1)
    network = model().train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-5)
    merging, plain = Collator(0, merge_texts=True), Collator(0, merge_texts=False)
    fast, slow = [], []
    for k in range(given.steps + 1):
        chosen = [examples[i] for i in ours[k]]
        other = padded_to_the_maximum([examples[i] for i in range(k * BATCH, (k + 1) * BATCH)])
        fast.append(step(network, optimizer, merging, chosen))
        slow.append(step(network, optimizer, plain, other))
    fast_median, slow_median = statistics.median(fast[1:]), statistics.median(slow[1:])
    print(f"length buckets, merged texts : {fast_median:7.2f} s a step, {BATCH / fast_median:6.1f} examples/s")
    print(f"padded to 256, text per clip : {slow_median:7.2f} s a step, {BATCH / slow_median:6.1f} examples/s")
    print(f"ratio                        : {slow_median / fast_median:7.2f}")


if __name__ == "__main__":
    main()
