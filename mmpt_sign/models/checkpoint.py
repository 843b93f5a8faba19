"""The exported model: a folder with ``model.safetensors``, ``config.json`` and the tokeniser, no pickle anywhere."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.errors import CheckpointError, ConfigError
from mmpt_sign.models.dual_encoder import DualEncoder
from mmpt_sign.models.lora import merged_state

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment
    from mmpt_sign.text.tokenizer import Tokenizer

FORMAT = 1
WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer"
OF_A_MODEL = ("name", "streams", "video", "fusion", "text", "similarity", "loss", "batch")
NO_DATA = {"name": "folder", "folder": "."}
MAX_CONFIG_BYTES = 16 << 20


def self_contained(experiment: Experiment) -> Experiment:
    """The experiment with every architecture spelled out, no pretrained weights to look for and no store to read."""
    video = {
        name: tower.model_copy(update={"encoder": _without_weights(tower.encoder.resolved())})
        for name, tower in experiment.video.items()
    }
    text = _without_weights(experiment.text.resolved())
    streams = {name: stream.model_copy(update={"store": None}) for name, stream in experiment.streams.items()}
    return experiment.model_copy(update={"streams": streams, "video": video, "text": text, "init_from": None})


def _without_weights(part: Any) -> Any:
    """Neither weights to start from nor low-rank updates, which the exported weights contain."""
    gone = {key: None for key in ("weights", "lora") if key in type(part).model_fields}
    return part.model_copy(update=gone)


def save_model(
    folder: Path, model: DualEncoder, experiment: Experiment, tokenizer: Tokenizer, notes: Mapping[str, Any]
) -> None:
    """Write the whole folder beside its place, then swap it in: a reader never meets half a model."""
    from safetensors.torch import save_file

    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        state = {key: _stored(value) for key, value in merged_state(model).items()}
        save_file(state, fresh / WEIGHTS)
        tokenizer.save(fresh / TOKENIZER)
        values = self_contained(experiment).model_dump(mode="json")
        fingerprint = hashlib.sha256((fresh / WEIGHTS).read_bytes()).hexdigest()
        content = {"format": FORMAT, "experiment": values, "notes": {**notes, "fingerprint": fingerprint}}
        (fresh / CONFIG).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        _swap(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _stored(value: Tensor) -> Tensor:
    """Always float32: a model trained in half precision is used in full."""
    value = value.detach().cpu()
    return (value.float() if value.is_floating_point() else value).contiguous()


def _swap(fresh: Path, folder: Path) -> None:
    fresh.chmod(0o755)
    put_back(folder)
    if folder.exists():
        shutil.rmtree(_aside(folder), ignore_errors=True)
        os.replace(folder, _aside(folder))
    os.replace(fresh, folder)
    shutil.rmtree(_aside(folder), ignore_errors=True)


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}-before")


def put_back(folder: Path) -> None:
    """Undo half a swap: a process killed between its two renames leaves the model beside its place."""
    if not folder.exists() and _aside(folder).is_dir():
        os.replace(_aside(folder), folder)


def load_config(folder: Path) -> tuple[Experiment, dict[str, Any]]:
    """The experiment, as far as a model in use needs it, and the notes of an exported model.

    How the model was trained is kept in the file but not validated: options of training may come and go.
    """
    path = folder / CONFIG
    try:
        if path.stat().st_size > MAX_CONFIG_BYTES:
            raise CheckpointError(f"{path}: larger than {MAX_CONFIG_BYTES} bytes, not a model configuration")
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: not readable as a model configuration ({error})") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointError(f"{path}: not a model of format {FORMAT}")
    try:
        values = {key: content["experiment"][key] for key in OF_A_MODEL}
        return experiment_from_values({**values, "dataset": NO_DATA}, str(path)), dict(content.get("notes", {}))
    except (ConfigError, KeyError) as error:
        raise CheckpointError(f"{path}: does not describe a model: {error}") from error


def load_model(folder: Path, device: str) -> tuple[DualEncoder, Experiment, Tokenizer, dict[str, Any]]:
    """An exported model, ready for inference."""
    experiment, notes = load_config(folder)
    with torch.random.fork_rng(devices=[]):
        model = DualEncoder(experiment)
    load_weights(model, folder / WEIGHTS)
    tokenizer = experiment.text.tokenizer(folder / TOKENIZER)
    return model.to(device).eval(), experiment, tokenizer, notes


def load_weights(model: DualEncoder, path: Path) -> None:
    """Fill ``model`` by name; anything missing, left over or of another shape is an error that lists it."""
    state = read_weights(path)
    problems = misfits(model.state_dict(), state)
    if problems:
        raise CheckpointError(f"{path}: the weights belong to another model:\n  " + "\n  ".join(problems[:20]))
    model.load_state_dict(state)


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path}: not readable as safetensors ({error})") from error


def misfits(own: Mapping[str, Tensor], given: Mapping[str, Tensor]) -> list[str]:
    """Why ``given`` tensors are not those of a model that has ``own``: each key missing, left over or misshapen."""
    return [
        *(f"missing {key}" for key in own if key not in given),
        *(f"left over {key}" for key in given if key not in own),
        *(
            f"{key} has shape {tuple(given[key].shape)}, the model {tuple(own[key].shape)}"
            for key in own
            if key in given and own[key].shape != given[key].shape
        ),
    ]
