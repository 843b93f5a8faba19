"""The I3D of a trained model in the layout of public checkpoints, so that whatever reads those reads it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mmpt_sign.errors import CheckpointError
from mmpt_sign.files import complete, write_text

if TYPE_CHECKING:
    from mmpt_sign.inference.model import SignModel

ENDINGS = (".pt", ".pth")


def write_i3d(model: SignModel, path: Path) -> tuple[int, int]:
    """How many tensors and how many classes were written."""
    import torch

    from mmpt_sign.models.i3d_tower import I3dTower, public_weights
    from mmpt_sign.models.label_table import LabelTable

    towers = [tower.encoder for tower in model.network.video.values()]
    found = next((encoder for encoder in towers if isinstance(encoder, I3dTower)), None)
    if found is None:
        raise CheckpointError(f"{model.folder or 'the model'}: has no encoder i3d to export")
    text = model.network.text
    labels = tuple(model.tokenizer.all_texts) if isinstance(text, LabelTable) else ()
    table = text.table.detach().float().cpu() if isinstance(text, LabelTable) else None
    state = public_weights({name: value.cpu() for name, value in found.network.state_dict().items()}, table)
    with complete(path) as fresh:
        torch.save({"state_dict": state, "arch": "InceptionI3d"}, fresh)
    if labels:
        write_text(labels_beside(path), "".join(f"{n:04d} {label}\n" for n, label in enumerate(labels)))
    return len(state), len(labels)


def labels_beside(path: Path) -> Path:
    """Where the labels go: ``i3d.txt`` for ``i3d.pt``; the end of ``i3d_v1.2`` is no ending to replace."""
    return path.with_suffix(".txt") if path.suffix in ENDINGS else path.with_name(f"{path.name}.txt")
