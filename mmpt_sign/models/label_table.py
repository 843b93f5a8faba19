"""The network behind ``text: labels``: a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from mmpt_sign.errors import CheckpointError
from mmpt_sign.features.checkpoints import tensors
from mmpt_sign.models.token_set import TokenSet
from mmpt_sign.text.weights import found_file

if TYPE_CHECKING:
    from mmpt_sign.models.texts.labels import Labels


class LabelTable(nn.Module):
    """Row n is label n; the last number is its bias where the tower's is a constant."""

    def __init__(self, part: Labels) -> None:
        super().__init__()
        count = len(part.labels) if isinstance(part.labels, tuple) else 0
        table = torch.randn(count, part.size) * part.size**-0.5
        table[:, -1] = 0
        if part.weights is not None:
            table = _classifier(found_file(Path(part.weights)), tuple(table.shape))
        self.table = nn.Parameter(table)

    def forward(self, ids: Tensor, mask: Tensor) -> TokenSet:
        """(U, 1) numbers of labels -> their rows."""
        rows = self.table[ids[:, 0]]
        return TokenSet(rows[:, None], mask[:, :1], rows)


def _classifier(path: Path, shape: tuple[int, ...]) -> Tensor:
    """Weights and bias of the classifier in a public checkpoint of I3D."""
    found = {name.rpartition("logits.conv3d.")[2]: value for name, value in tensors(path).items() if "logits." in name}
    if set(found) != {"weight", "bias"}:
        raise CheckpointError(f"{path}: holds no classifier (logits.conv3d) for the labels to start from")
    table = torch.cat([found["weight"].flatten(1), found["bias"][:, None]], 1).float()
    if tuple(table.shape) != shape:
        raise CheckpointError(f"{path}: its classifier is {tuple(table.shape)}, the labels need {shape}")
    return table
