"""Open a model: the packaged one, a run folder, an exported folder, or the folder of an imported checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mmpt_sign.errors import CheckpointError

if TYPE_CHECKING:
    from mmpt_sign.inference.model import SignModel

CONFIG = "config.json"
DEFAULT = "default"
PACKAGED = Path(__file__).resolve().parent.parent / "packaged"


def load(path: str | Path = DEFAULT, device: str = "auto") -> SignModel:
    """A ready model from ``path``, on a GPU where there is one unless ``device`` says otherwise.

    ``default`` is the small model inside the package; a folder of that name is meant by ``./default/`` made absolute.
    """
    import torch

    from mmpt_sign.inference.model import SignModel
    from mmpt_sign.models.checkpoint import load_model
    from mmpt_sign.models.packed_linear import pack_linears

    folder = model_folder(Path(path))
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    network, experiment, tokenizer, notes = load_model(folder, device)
    if device == "cpu":
        pack_linears(network)
    return SignModel(network, experiment, tokenizer, notes, folder)


def model_folder(path: Path) -> Path:
    """The exported model inside ``path``, which may be that folder itself, a run, or a run with one seed."""
    if str(path) == DEFAULT:
        return PACKAGED / DEFAULT
    if (path / CONFIG).is_file():
        return path
    if (path / "model" / CONFIG).is_file():
        return path / "model"
    seeds = sorted(p.parent.parent for p in path.glob("seed-*/model/" + CONFIG))
    if len(seeds) == 1:
        return seeds[0] / "model"
    if seeds:
        raise CheckpointError(f"{path}: holds {len(seeds)} seeds; name one, for example {seeds[0]}")
    if path.suffix in (".pt", ".pth", ".bin"):
        raise CheckpointError(f"{path}: a pickled checkpoint; convert it with 'mmpt-sign import' first")
    found = sorted(str(p.parent.parent) for p in Path("runs").glob("**/model/" + CONFIG))[:5]
    known = f"; trained here: {', '.join(found)}" if found else "; train one with locallaunch.py"
    raise CheckpointError(
        f"{path}: no model there (looked for {CONFIG} and model/{CONFIG}){known}; '{DEFAULT}' is the one inside the "
        "package"
    )
