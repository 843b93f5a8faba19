"""A made CiCo checkpoint and the published forward pass, written straight over its tensors, one position at a time.

Nothing of the package is used here, so that an import is compared with the formulas and not with itself.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tests.models.clip_files import WORDS, made_state

State = dict[str, Tensor]
CLIPS, MOST_WORDS, TAU = 64, 32, 0.07
START, END = WORDS - 2, WORDS - 1


def checkpoint(size: int = 10, *, half: bool = False, seed: int = 0, layers: int = 2) -> State:
    """Random tensors under the names of the release, unused ones included, few and small layers."""
    state = made_state(width=24, text_width=16, project=12, image=(size, 1, 1), places=65, layers=layers, seed=seed)
    state |= {
        "visual.conv2_trans.weight": torch.zeros(64, 128, 1, 1),
        "logit_scale_first_softmax": torch.tensor(1.0),
        "logit_scale_sec_softmax": torch.tensor(1.0),
        "logit_scale": torch.tensor(math.log(80.0)),
    }
    state = {f"clip.{key}": value for key, value in state.items()}
    kept = ("ln_", "embedding", "logit_scale")
    return {k: v.half() if half and not any(word in k for word in kept) else v for k, v in state.items()}


def save(state: State, file: Path, *, prefix: str = "", old_names: bool = False) -> Path:
    """As the original writes it, or as older programs did."""

    def named(key: str) -> str:
        if old_names and ".ln_" in key:
            key = key.replace(".weight", ".gamma").replace(".bias", ".beta")
        return prefix + key

    torch.save({named(key): value for key, value in state.items()}, file)
    return file


def _norm(x: NDArray[Any], state: State, name: str) -> NDArray[Any]:
    centred = x - x.mean()
    scaled = centred / math.sqrt(float((centred**2).mean()) + 1e-5)
    return np.asarray(scaled * _np(state, f"{name}.weight") + _np(state, f"{name}.bias"))


def _np(state: State, key: str) -> NDArray[Any]:
    return np.asarray(state[f"clip.{key}"].double().numpy())


def _layers(x: NDArray[Any], state: State, prefix: str, seen: NDArray[Any], heads: int) -> NDArray[Any]:
    """``seen`` (L, L): which position may look at which."""
    count = 0
    while f"clip.{prefix}.resblocks.{count}.ln_1.weight" in state:
        at = f"{prefix}.resblocks.{count}"
        inner = np.stack([_norm(row, state, f"{at}.ln_1") for row in x])
        parts = inner @ _np(state, f"{at}.attn.in_proj_weight").T + _np(state, f"{at}.attn.in_proj_bias")
        width = x.shape[1]
        size = width // heads
        mixed = np.zeros_like(x)
        for head in range(heads):
            query, key, value = (parts[:, k * width + head * size : k * width + (head + 1) * size] for k in range(3))
            for i in range(len(x)):
                logits = np.where(seen[i], key @ query[i] / math.sqrt(size), -np.inf)
                weights = np.exp(logits - logits.max())
                mixed[i, head * size : (head + 1) * size] = weights @ value / weights.sum()
        x = x + mixed @ _np(state, f"{at}.attn.out_proj.weight").T + _np(state, f"{at}.attn.out_proj.bias")
        inner = np.stack([_norm(row, state, f"{at}.ln_2") for row in x])
        hidden = inner @ _np(state, f"{at}.mlp.c_fc.weight").T + _np(state, f"{at}.mlp.c_fc.bias")
        hidden = hidden / (1 + np.exp(-1.702 * hidden))
        x = x + hidden @ _np(state, f"{at}.mlp.c_proj.weight").T + _np(state, f"{at}.mlp.c_proj.bias")
        count += 1
    return x


def clip_tokens(
    state: State, agnostic: NDArray[Any], aware: NDArray[Any], alpha: float, heads: int
) -> tuple[NDArray[Any], NDArray[Any]]:
    """65 outputs of a video and which of them are valid."""
    mixed = (1 - alpha) * aware.astype(float) + alpha * agnostic.astype(float)
    if len(mixed) >= CLIPS:
        mixed = mixed[np.floor(np.linspace(0, len(mixed) - 1, CLIPS)).astype(int)]
    rows = np.zeros((CLIPS, mixed.shape[1]))
    rows[: len(mixed)] = mixed
    hidden = np.ones(CLIPS + 1, bool)
    hidden[1 : len(mixed) + 1] = False
    mapped = rows @ _np(state, "visual.conv1.weight")[:, :, 0, 0].T
    x = np.concatenate([_np(state, "visual.class_embedding")[None], mapped]) + _np(state, "visual.positional_embedding")
    x = np.stack([_norm(row, state, "visual.ln_pre") for row in x])
    x = _layers(x, state, "visual.transformer", np.tile(~hidden, (CLIPS + 1, 1)), heads)
    x = np.stack([_norm(row, state, "visual.ln_post") for row in x])
    return np.asarray(x @ _np(state, "visual.proj")), ~hidden


def word_ids(words: list[int]) -> list[int]:
    """Start, words and end; too long a sentence is thinned."""
    ids = [START, *words]
    if len(ids) > MOST_WORDS - 1:
        ids = [START] + [ids[k] for k in np.floor(np.linspace(1, len(ids) - 1, MOST_WORDS - 2)).astype(int)]
    return [*ids, END]


def word_tokens(state: State, ids: list[int], heads: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """32 outputs of a text and which of them are valid."""
    padded = np.zeros(MOST_WORDS, int)
    padded[: len(ids)] = ids
    x = _np(state, "token_embedding.weight")[padded] + _np(state, "positional_embedding")[:MOST_WORDS]
    x = _layers(x, state, "transformer", np.tril(np.ones((MOST_WORDS, MOST_WORDS), bool)), heads)
    x = np.stack([_norm(row, state, "ln_final") for row in x])
    valid = np.arange(MOST_WORDS) <= int(padded.argmax())
    return x @ _np(state, "text_projection"), valid


def scores(clips: tuple[NDArray[Any], NDArray[Any]], words: tuple[NDArray[Any], NDArray[Any]]) -> tuple[float, float]:
    """Sign to word and word to sign, without the scale; inner softmaxes see everything."""
    left, right = (x / np.linalg.norm(x, axis=1, keepdims=True) for x, _ in (clips, words))
    cosines = left @ right.T
    across, down = np.exp(cosines / TAU), np.exp(cosines / TAU)
    across /= across.sum(1, keepdims=True)
    down /= down.sum(0, keepdims=True)
    return float((cosines * across).sum(1)[clips[1]].mean()), float((cosines * down).sum(0)[words[1]].mean())
