"""Public CLIP weights into our towers: OpenAI's names, or transformers' names for the same tensors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mmpt_sign.errors import CheckpointError
from mmpt_sign.models.checkpoint import misfits
from mmpt_sign.models.clip_archive import is_torchscript, read_archive

PREFIXES = re.compile(r"^(module\.)?(clip\.)?")
THEIRS = (
    (r"^vision_model\.embeddings\.class_embedding$", "visual.class_embedding"),
    (r"^vision_model\.embeddings\.patch_embedding\.", "visual.conv1."),
    (r"^vision_model\.embeddings\.position_embedding\.weight$", "visual.positional_embedding"),
    (r"^vision_model\.pre_layrnorm\.", "visual.ln_pre."),
    (r"^vision_model\.post_layernorm\.", "visual.ln_post."),
    (r"^vision_model\.encoder\.layers\.", "visual.transformer.resblocks."),
    (r"^text_model\.embeddings\.token_embedding\.", "token_embedding."),
    (r"^text_model\.embeddings\.position_embedding\.weight$", "positional_embedding"),
    (r"^text_model\.final_layer_norm\.", "ln_final."),
    (r"^text_model\.encoder\.layers\.", "transformer.resblocks."),
    (r"\.self_attn\.out_proj\.", ".attn.out_proj."),
    (r"\.layer_norm([12])\.", r".ln_\1."),
    (r"\.mlp\.fc1\.", ".mlp.c_fc."),
    (r"\.mlp\.fc2\.", ".mlp.c_proj."),
)
RENAMED = tuple((re.compile(pattern), name) for pattern, name in THEIRS)


def read_clip(file: Path) -> dict[str, Tensor]:
    """The tensors of a file of CLIP weights under OpenAI's names."""
    state = _read(file)
    plain = {PREFIXES.sub("", key): value for key, value in state.items() if isinstance(value, Tensor)}
    return _from_transformers(plain) if any(key.startswith("text_model.") for key in plain) else plain


def visual_sizes(file: Path) -> dict[str, int]:
    """Sizes of the image transformer; positions only where they are those of clips, not of places in a picture."""
    return dict(_sizes(file, file.stat().st_mtime_ns, "visual."))


def text_sizes(file: Path) -> dict[str, int]:
    """Sizes of the text transformer."""
    return dict(_sizes(file, file.stat().st_mtime_ns, ""))


def fill_visual(tower: nn.Module, file: Path) -> None:
    """Everything but the first map and, where their number differs, the positions, which start anew as in CiCo."""
    state = {key.removeprefix("visual."): value for key, value in read_clip(file).items() if key.startswith("visual.")}
    own = tower.state_dict()
    positions = "positional_embedding"
    if positions in state and state[positions].shape != own[positions].shape:
        state[positions] = own[positions]
    _fill(tower, state, file, "class_embedding")


def fill_text(tower: nn.Module, file: Path) -> None:
    """Everything; a table of more words than the tokeniser has would mean another vocabulary."""
    state = {key: value for key, value in read_clip(file).items() if not key.startswith("visual.")}
    _fill(tower, state, file, "token_embedding.weight")


def _fill(tower: nn.Module, state: Mapping[str, Tensor], file: Path, telling: str) -> None:
    own = tower.state_dict()
    if telling not in state:
        raise CheckpointError(f"{file}: holds no such tower of a CLIP (no '{telling}' among {len(state)} tensors)")
    taken = {key: value.float() for key, value in state.items() if key in own}
    problems = misfits(own, taken)
    if problems:
        raise CheckpointError(f"{file}: not the weights of this tower:\n  " + "\n  ".join(problems[:20]))
    tower.load_state_dict(taken)


@lru_cache(maxsize=32)
def _sizes(file: Path, changed: int, prefix: str) -> tuple[tuple[str, int], ...]:
    try:
        return tuple(sizes_of(read_clip(file), prefix).items())
    except KeyError as error:
        raise CheckpointError(f"{file}: not the weights of a CLIP, it has no {error}") from error
    except ValueError as error:
        raise CheckpointError(f"{file}: {error}") from error


def sizes_of(state: Mapping[str, Tensor], prefix: str) -> dict[str, int]:
    """Sizes of the tower whose names begin with ``prefix``: ``visual.`` or nothing."""
    width = int(state[f"{prefix}transformer.resblocks.0.ln_1.weight"].shape[0])
    blocks = re.compile(rf"^{re.escape(prefix)}transformer\.resblocks\.(\d+)\.")
    layers = {int(match[1]) for key in state if (match := blocks.match(key))}
    if layers != set(range(len(layers))):
        raise ValueError(f"layers {sorted(layers)} are not counted from 0 without a gap")
    last = state[f"{prefix}proj" if prefix else "text_projection"]
    found = {"hidden_size": width, "layers": len(layers), "project": int(last.shape[1])}
    if not prefix or state[f"{prefix}conv1.weight"].shape[-1] == 1:  # else they are places in a picture
        found["positions"] = int(state[f"{prefix}positional_embedding"].shape[0])
    if not prefix:
        found["vocabulary_size"] = int(state["token_embedding.weight"].shape[0])
    return found


def _read(file: Path) -> Mapping[str, Any]:
    from safetensors.torch import load_file

    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        if is_torchscript(file):
            return read_archive(file)
        content = torch.load(file, map_location="cpu", weights_only=True)
    except CheckpointError:
        raise
    except Exception as error:  # whatever a foreign file makes the readers raise, the answer is the same
        first = (str(error).splitlines() or [""])[0][:200]
        raise CheckpointError(f"{file}: not readable as CLIP weights ({type(error).__name__}: {first})") from error
    inner = content.get("state_dict", content) if isinstance(content, Mapping) else None
    if not isinstance(inner, Mapping):
        raise CheckpointError(f"{file}: holds a {type(content).__name__}, not named tensors")
    return {str(key): value for key, value in inner.items()}


def _from_transformers(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Query, key and value in one matrix; projections as they are multiplied from the right."""
    ours: dict[str, Tensor] = {}
    for key, value in state.items():
        if ".self_attn.k_proj." in key or ".self_attn.v_proj." in key or key.endswith("position_ids"):
            continue
        if ".self_attn.q_proj." in key:
            parts = [state[key.replace(".q_proj.", f".{part}_proj.")] for part in "qkv"]
            kind = "weight" if key.endswith(".weight") else "bias"
            name, value = key.split(".self_attn.")[0] + f".attn.in_proj_{kind}", torch.cat(parts)
        elif key in ("visual_projection.weight", "text_projection.weight"):
            name, value = {"v": "visual.proj", "t": "text_projection"}[key[0]], value.T
        else:
            name = key
        for pattern, new in RENAMED:
            name = pattern.sub(new, name)
        ours[name] = value
    return ours
