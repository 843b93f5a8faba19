"""A made SignCLIP checkpoint and the published forward pass, written straight over its tensors.

Nothing of the package is used here, so that an import is compared with the formulas and not with itself.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import gelu, interpolate, layer_norm

State = dict[str, Tensor]
WORDS = (
    *("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "<", ">", "en", "as", "##e", "house", "sun", "random", "text"),
    *("gs", "##g", "how", "are", "you", "?"),
)
CLS, SEP = 2, 3


def vocabulary(folder: Path) -> Path:
    """A vocabulary of few words, as ``vocab.txt``."""
    file = folder / "vocab.txt"
    file.write_text("\n".join(WORDS) + "\n", encoding="utf-8")
    return file


def made_state(frame_size: int, *, width: int = 16, layers: tuple[int, int] = (2, 3), seed: int = 0, conv: int = 0,
               projection: bool = False, positions: int = 512) -> State:  # fmt: skip
    """Random tensors under the names of the original's modules, unused ones included."""
    generator = torch.Generator().manual_seed(seed)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator) * 0.15

    state: State = {}
    for j in range(conv):
        state[f"video_encoder.videoconv.conv1d_{j}.weight"] = drawn(frame_size, frame_size, 17)
        state[f"video_encoder.videoconv.conv1d_{j}.bias"] = drawn(frame_size)
    state |= {
        "video_encoder.videomlp.linear1.weight": drawn(width, frame_size),
        "video_encoder.videomlp.linear1.bias": drawn(width),
        "video_encoder.videomlp.LayerNorm.weight": 1 + drawn(width),
        "video_encoder.videomlp.LayerNorm.bias": drawn(width),
        "video_encoder.videomlp.linear2.weight": drawn(width, width),
        "video_encoder.videomlp.linear2.bias": drawn(width),
    }
    for prefix, count, rows in (("video_encoder.bert.", layers[0], positions), ("text_encoder.", layers[1], 512)):
        state |= {
            f"{prefix}embeddings.position_ids": torch.arange(512)[None],
            f"{prefix}embeddings.word_embeddings.weight": drawn(len(WORDS), width),
            f"{prefix}embeddings.position_embeddings.weight": drawn(rows, width),
            f"{prefix}embeddings.token_type_embeddings.weight": drawn(2, width),
            f"{prefix}embeddings.LayerNorm.weight": 1 + drawn(width),
            f"{prefix}embeddings.LayerNorm.bias": drawn(width),
            f"{prefix}pooler.dense.weight": drawn(width, width),
            f"{prefix}pooler.dense.bias": drawn(width),
        }
        for i in range(count):
            at = f"{prefix}encoder.layer.{i}."
            for part in (
                "attention.self.query",
                "attention.self.key",
                "attention.self.value",
                "attention.output.dense",
            ):
                state |= {f"{at}{part}.weight": drawn(width, width), f"{at}{part}.bias": drawn(width)}
            for norm in ("attention.output.LayerNorm", "output.LayerNorm"):
                state |= {f"{at}{norm}.weight": 1 + drawn(width), f"{at}{norm}.bias": drawn(width)}
            state |= {
                f"{at}intermediate.dense.weight": drawn(4 * width, width),
                f"{at}intermediate.dense.bias": drawn(4 * width),
                f"{at}output.dense.weight": drawn(width, 4 * width),
                f"{at}output.dense.bias": drawn(width),
            }
    if projection:
        state["video_projection.linear.weight"] = drawn(width, width)
        state["text_projection.linear.weight"] = drawn(width, width)
    return state


def save(state: State, file: Path, half: bool = False) -> Path:
    """As fairseq writes it, with options and counters beside the weights."""
    model = {
        f"mmmodel.{key}": value.half() if half and value.is_floating_point() else value for key, value in state.items()
    }
    extra = {"best": np.float64(3.2), "train_iterator": {"epoch": 3}}
    args = argparse.Namespace(arch="mmarch", betas=(0.9, 0.98))
    torch.save({"args": args, "cfg": {"task": args}, "model": model, "extra_state": extra}, file)
    return file


def _bert(state: State, prefix: str, x: Tensor, keep: Tensor, heads: int) -> Tensor:
    positions = state[f"{prefix}embeddings.position_embeddings.weight"]
    if len(x) > 512 and len(positions) != len(x):
        positions = interpolate(positions.T[None], size=len(x), mode="linear", align_corners=False)[0].T
    width = x.shape[1]

    def norm(name: str, value: Tensor) -> Tensor:
        return layer_norm(value, (width,), state[f"{prefix}{name}.weight"], state[f"{prefix}{name}.bias"], 1e-12)

    def dense(name: str, value: Tensor) -> Tensor:
        return value @ state[f"{prefix}{name}.weight"].T + state[f"{prefix}{name}.bias"]

    x = norm(
        "embeddings.LayerNorm", x + positions[: len(x)] + state[f"{prefix}embeddings.token_type_embeddings.weight"][0]
    )
    bias = (1 - keep.float()) * -10000.0
    count = len({key for key in state if key.startswith(f"{prefix}encoder.layer.") and key.endswith("query.bias")})
    for i in range(count):
        at = f"encoder.layer.{i}."
        q, k, v = (
            dense(f"{at}attention.self.{part}", x).view(len(x), heads, -1).transpose(0, 1)
            for part in ("query", "key", "value")
        )
        weights = (q @ k.transpose(1, 2) / (width // heads) ** 0.5 + bias).softmax(-1)
        mixed = (weights @ v).transpose(0, 1).reshape(len(x), width)
        x = norm(f"{at}attention.output.LayerNorm", dense(f"{at}attention.output.dense", mixed) + x)
        x = norm(f"{at}output.LayerNorm", dense(f"{at}output.dense", gelu(dense(f"{at}intermediate.dense", x))) + x)
    return x


def video_vector(state: State, frames: NDArray[Any], longest: int, heads: int = 2) -> Tensor:
    """The pooled vector of (T, D) frames: padded to ``longest``, [SEP] behind the padding, mean of frames and [SEP]."""
    count = min(len(frames), longest)
    x = torch.zeros(longest, frames.shape[1])
    x[:count] = torch.from_numpy(np.asarray(frames[:count], np.float32))
    j = 0
    while f"video_encoder.videoconv.conv1d_{j}.weight" in state:
        at = f"video_encoder.videoconv.conv1d_{j}"
        x = torch.conv1d(x.T[None], state[f"{at}.weight"], state[f"{at}.bias"], padding=8)[0].T
        j += 1
    mlp = "video_encoder.videomlp."
    x = gelu(x @ state[f"{mlp}linear1.weight"].T + state[f"{mlp}linear1.bias"])
    x = layer_norm(x, x.shape[1:], state[f"{mlp}LayerNorm.weight"], state[f"{mlp}LayerNorm.bias"], 1e-5)
    x = x @ state[f"{mlp}linear2.weight"].T + state[f"{mlp}linear2.bias"]
    table = state["video_encoder.bert.embeddings.word_embeddings.weight"]
    keep = torch.zeros(longest + 2, dtype=torch.bool)
    keep[: count + 1] = keep[-1] = True
    hidden = _bert(state, "video_encoder.bert.", torch.cat([table[[CLS]], x, table[[SEP]]]), keep, heads)
    keep[0] = False
    pooled = hidden[keep].mean(0)
    projection = state.get("video_projection.linear.weight")
    return pooled if projection is None else pooled @ projection.T


def text_vector(state: State, ids: list[int], heads: int = 2) -> Tensor:
    """The pooled vector of [CLS] words [SEP]: mean over words and [SEP]."""
    x = state["text_encoder.embeddings.word_embeddings.weight"][ids]
    hidden = _bert(state, "text_encoder.", x, torch.ones(len(ids), dtype=torch.bool), heads)
    pooled = hidden[1:].mean(0)
    projection = state.get("text_projection.linear.weight")
    return pooled if projection is None else pooled @ projection.T
