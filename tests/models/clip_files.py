"""Made CLIP weights in the public forms, and a made vocabulary of byte pairs."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

State = dict[str, Tensor]
MERGES = (
    "h e",
    "l l",
    "he ll",
    "hell o</w>",
    "w o",
    "wo r",
    "l d</w>",
    "wor ld</w>",
    "t h",
    "th e</w>",
    "c a",
    "ca t</w>",
)
WORDS = 512 + len(MERGES) + 2


def made_state(
    *, width: int = 24, words: int = WORDS, layers: int = 2, project: int = 12, text_width: int = 16, patch: int = 3,
    image: tuple[int, ...] = (3, 32, 32), places: int = 50, seed: int = 0,
) -> State:  # fmt: skip
    """Random tensors under OpenAI's names."""
    generator = torch.Generator().manual_seed(seed)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator) * 0.2

    state = {
        "visual.conv1.weight": drawn(width, *image),
        "visual.class_embedding": drawn(width),
        "visual.positional_embedding": drawn(places, width),
        "visual.proj": drawn(width, project),
        "token_embedding.weight": drawn(words, text_width),
        "positional_embedding": drawn(77, text_width),
        "text_projection": drawn(text_width, project),
        "logit_scale": torch.tensor(4.6052),
    }
    norms = {"visual.ln_pre": width, "visual.ln_post": width, "ln_final": text_width}
    for prefix, size in (("visual.transformer", width), ("transformer", text_width)):
        for i in range(layers):
            at = f"{prefix}.resblocks.{i}"
            norms |= {f"{at}.ln_1": size, f"{at}.ln_2": size}
            state |= {
                f"{at}.attn.in_proj_weight": drawn(3 * size, size), f"{at}.attn.in_proj_bias": drawn(3 * size),
                f"{at}.attn.out_proj.weight": drawn(size, size), f"{at}.attn.out_proj.bias": drawn(size),
                f"{at}.mlp.c_fc.weight": drawn(4 * size, size), f"{at}.mlp.c_fc.bias": drawn(4 * size),
                f"{at}.mlp.c_proj.weight": drawn(size, 4 * size), f"{at}.mlp.c_proj.bias": drawn(size),
            }  # fmt: skip
    for name, size in norms.items():
        state |= {f"{name}.weight": 1 + drawn(size), f"{name}.bias": drawn(size)}
    return state


class Holder(torch.nn.Module):
    """A module whose parameters have any dotted names, to be saved as TorchScript."""

    def __init__(self, state: State) -> None:
        super().__init__()
        for name, value in state.items():
            *inside, last = name.split(".")
            place: torch.nn.Module = self
            for step in inside:
                if not hasattr(place, step):
                    place.add_module(step, Empty())
                place = getattr(place, step)
            place.register_parameter(last, torch.nn.Parameter(value, requires_grad=False))

    def forward(self, x: Tensor) -> Tensor:
        """Nothing."""
        return x


class Empty(torch.nn.Module):
    """A place for parameters."""

    def forward(self, x: Tensor) -> Tensor:
        """Nothing."""
        return x


def vocabulary(folder: Path, merges: Sequence[str] = MERGES) -> Path:
    """OpenAI's form, few merges."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "bpe_simple_vocab_16e6.txt.gz"
    with gzip.open(file, "wt", encoding="utf-8") as stream:
        stream.write("\n".join(('"bpe_simple_vocab_16e6.txt#version: 0.2', *merges)) + "\n")
    return file
