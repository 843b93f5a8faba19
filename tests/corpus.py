"""A made corpus for tests: a few signs as motions of one hand, several signers, in the ``folder`` layout."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

COLUMNS = ("id", "path", "split", "signer", "sign_language", "text_language", "text")
TINY_BERT = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "vocab_size": 30522,
    "max_position_embeddings": 128,
}
WORDS = ("house", "sun", "water", "friend", "school", "bread", "night", "river")


def make_corpus(folder: Path, *, takes: int = 6, seed: int = 0, words: tuple[str, ...] = WORDS) -> Path:
    """Each word is a fixed random motion of 21 points; a take is that motion with noise and another length."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for word in words:
        shape, motion = rng.normal(size=(21, 3)), rng.normal(size=(21, 3))
        for take in range(takes):
            length = int(rng.integers(6, 24))
            phase = np.sin(np.linspace(0, np.pi, length))[:, None, None]
            points = shape + phase * motion + 0.05 * rng.normal(size=(length, 21, 3))
            np.save(folder / f"{word}-{take}.npy", points.astype(np.float32))
            split = {0: "test", 1: "valid"}.get(take, "train")
            rows.append((f"{word}-{take}", f"{word}-{take}.npy", split, f"signer{take % 3}", "ase", "en", word))
    with (folder / "index.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    return folder


def tiny_experiment(corpus: Path, runs: Path, **optim: object) -> dict[str, object]:
    """A whole experiment on the made corpus that trains in seconds."""
    return {
        "name": "test/tiny",
        "dataset": {"name": "folder", "folder": str(corpus), "layout": "hand_21", "prompts": ["<en> <ase> {text}"]},
        "streams": {"pose": {"kind": "pose", "points": "right_hand", "normalise": "none", "max_frames": 64}},
        "video": {
            "pose": {
                "front_end": "linear",
                "encoder": {"name": "bert_video", "weights": None, "architecture": TINY_BERT},
            }
        },
        "text": {"name": "bert", "weights": "minilm", "layers": 1, "freeze": "all", "max_tokens": 16, "project": 32},
        "similarity": {"video_text": "pooled_dot"},
        "loss": {"video_text": "info_nce"},
        "optim": {"lr": 1e-3, "batch_size": 8, "epochs": 2, "warmup": 1, **optim},
        "job": {"folder": str(runs), "threads": 1, "log_every": 1},
    }
