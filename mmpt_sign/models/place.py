"""Where a model may be written: a new or empty folder, or that of an older model; nothing else is ever replaced."""

from __future__ import annotations

from pathlib import Path

from mmpt_sign.errors import CheckpointError, ConfigError
from mmpt_sign.models.bounded_json import read_object

FORMAT = 1  # of stored models and of graphs alike
MAX_CONFIG_BYTES = 16 << 20
SHARED = {"README.md", "tokenizer"}
MADE = {  # the file that a folder of each form is known by, and all that such a folder holds
    "config.json": {"config.json", "model.safetensors", *SHARED},
    "feed.json": {"feed.json", "video.onnx", "text.onnx", *SHARED},
}


def place_for_model(folder: Path) -> Path:
    """The folder without ``.`` and links, if a model that is written there replaces nothing but an older one."""
    place = folder.resolve()
    if not place.exists():
        return place
    if not place.is_dir():
        raise ConfigError(f"{folder}: is a file; a model is a folder, name one that does not exist yet")
    if Path.cwd().is_relative_to(place):
        raise ConfigError(f"{folder}: is the folder you are in, or one around it; name a new one, such as ./model")
    held = {path.name for path in place.iterdir()}
    if held and not any(_is_of(place / known_by, held, ours) for known_by, ours in MADE.items()):
        raise ConfigError(
            f"{folder}: exists and is no exported model, or holds other things beside it; choose another folder, or "
            "empty this one"
        )
    return place


def _is_of(known_by: Path, held: set[str], ours: set[str]) -> bool:
    try:
        return held <= ours and read_object(known_by, MAX_CONFIG_BYTES, "a model").get("format") == FORMAT
    except CheckpointError:
        return False
