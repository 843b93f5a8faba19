"""The names of SignBERT's tensors in our graph networks, and a start from its published weights."""

from __future__ import annotations

import pickle
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mmpt_sign.errors import CheckpointError
from mmpt_sign.models.checkpoint import misfits
from mmpt_sign.text.weights import data_root_or_environment

MAX_BYTES = 4 << 30
STEPS = (
    (r"\.data_bn\.", ".data_norm."),
    (r"\.st_gcn_networks\.", ".blocks."),
    (r"\.st_gcn_pool\.", ".pooled."),
    (r"\.gcn\.conv\.", ".spread."),
    (r"\.tcn\.0\.", ".norm1."),
    (r"\.tcn\.3\.", ".mix."),
    (r"\.tcn\.4\.", ".norm2."),
    (r"\.residual\.", ".shortcut."),
    (r"\.conv4\.0\.", ".head."),
    (r"\.conv4\.1\.", ".head_norm."),
    (r"\.tcn_full_b1\.", ".temporal.0."),
    (r"\.tcn_full_b2\.", ".temporal.1."),
    (r"(^|\.)conv1d_5\.0\.", r"\1wide."),
    (r"(^|\.)conv1d_3_([12])\.0\.", r"\1near\2."),
    (r"(^|\.)conv1x1\.", r"\1merge."),
    (r"(^|\.)bn\.", r"\1norm."),
)
BEGINNINGS = (("embed.st_gcn_hand.", "graph.hand."), ("embed.st_gcn_body.", "graph.body."), ("GCN_Conv.", "window."))


def our_name(key: str) -> str | None:
    """``embed.st_gcn_hand.st_gcn_networks.0.tcn.3.weight`` -> ``graph.hand.blocks.0.mix.weight``; None if foreign."""
    for theirs, ours in BEGINNINGS:
        if key.startswith(theirs):
            name = ours + key.removeprefix(theirs)
            for pattern, replacement in STEPS:
                name = re.sub(pattern, replacement, name)
            return name
    return None


def ours(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of the graph networks under our names; 1x1 convolutions lose the axes that we do not have."""
    named = {our_name(key): value for key, value in state.items()}
    return {name: _without_axes(name, value) for name, value in named.items() if name is not None}


def _without_axes(name: str, value: Tensor) -> Tensor:
    return value.float().squeeze(-1) if value.dim() == 4 and name.startswith("graph.") else value.float()


def start_from_signbert(network: nn.Module, path: Path, parts: Sequence[str]) -> None:
    """Fill the chosen networks; each must be in the file whole, and fit."""
    file = _found(path)
    given = ours(_read(file))
    beginnings = tuple("window." if part == "window" else f"graph.{part}." for part in parts)
    chosen = {name: value for name, value in given.items() if name.startswith(beginnings)}
    wanted = {name: value for name, value in network.state_dict().items() if name.startswith(beginnings)}
    problems = misfits(wanted, chosen)
    if problems:
        raise CheckpointError(
            f"{file}: does not start the networks {', '.join(parts)} (start_parts):\n  " + "\n  ".join(problems[:20])
        )
    network.load_state_dict(chosen, strict=False)


def _found(path: Path) -> Path:
    root = data_root_or_environment(None)
    candidates = [path, *([] if root is None else [root / path, root / "weights" / path])]
    found = next((file for file in candidates if file.is_file()), None)
    if found is None:
        looked = " and ".join(map(str, candidates))
        raise CheckpointError(f"weights of SignBERT: no file {looked}; leave `signbert` out to start from scratch")
    return found


def _read(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, which stand under ``state_dict`` and maybe ``GCN_Transform`` in it."""
    if path.stat().st_size > MAX_BYTES:
        raise CheckpointError(f"{path}: larger than {MAX_BYTES >> 20} MiB, not the weights of SignBERT")
    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
        raise CheckpointError(f"{path}: not readable as weights ({str(error).splitlines()[0][:200]})") from error
    for key in ("state_dict", "GCN_Transform"):
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{path}: holds a {type(content).__name__}, not named tensors")
    plain = {str(key).removeprefix("module."): value for key, value in content.items() if isinstance(value, Tensor)}
    return {key.removeprefix("signbert."): value for key, value in plain.items()}
