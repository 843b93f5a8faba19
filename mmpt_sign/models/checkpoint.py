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
from mmpt_sign.models.borrowed import lent, stated
from mmpt_sign.models.bounded_json import read_object
from mmpt_sign.models.dual_encoder import DualEncoder
from mmpt_sign.models.int8 import make_room
from mmpt_sign.models.lora import merged_state
from mmpt_sign.models.outline import outline
from mmpt_sign.models.place import FORMAT, MAX_CONFIG_BYTES, place_for_model

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment
    from mmpt_sign.text.tokenizer import Tokenizer

WEIGHTS, CONFIG, TOKENIZER = "model.safetensors", "config.json", "tokenizer"
OF_A_MODEL = ("name", "streams", "video", "fusion", "text", "similarity", "loss", "batch")
NO_DATA = {"name": "folder", "folder": "."}


def self_contained(experiment: Experiment) -> Experiment:
    """The experiment with every architecture spelled out, no pretrained weights to look for and no store to read."""
    video = {
        name: tower.model_copy(
            update={
                "front_end": _without(tower.front_end, "signbert"),
                "encoder": _without_weights(tower.encoder.resolved()),
            }
        )
        for name, tower in experiment.video.items()
    }
    text = _without_weights(experiment.text.resolved())
    streams = {name: stream.model_copy(update={"store": None}) for name, stream in experiment.streams.items()}
    return experiment.model_copy(update={"streams": streams, "video": video, "text": text, "init_from": None})


def _without_weights(part: Any) -> Any:
    """Neither weights and vocabularies to start from nor low-rank updates, which the exported weights contain."""
    return _without(part, "weights", "lora", "vocabulary")


def _without(part: Any, *keys: str) -> Any:
    return part.model_copy(update={key: None for key in keys if key in type(part).model_fields})


def save_model(
    folder: Path, model: DualEncoder, experiment: Experiment, tokenizer: Tokenizer, notes: Mapping[str, Any]
) -> None:
    """Write the whole folder in float32: a model trained in half precision is used in full."""
    values = self_contained(experiment).model_dump(mode="json")
    write_folder(folder, merged_state(model), tokenizer, {"experiment": values, "notes": dict(notes)})


def write_folder(
    folder: Path,
    state: Mapping[str, Tensor],
    tokenizer: Tokenizer,
    content: Mapping[str, Any],
    *,
    half: bool = False,
    pages: Mapping[str, str] | None = None,
) -> None:
    """Weights, configuration, tokeniser and further ``pages`` beside their place, then swapped in.

    A reader never meets half a model.  ``half`` keeps tables and matrices in 16 bits; vectors are small and stay as
    they are.  What is in the way and no older model stays, and is an error.
    """
    from safetensors.torch import save_file

    put_back(folder)
    folder = place_for_model(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        save_file({key: _stored(value, half) for key, value in state.items()}, fresh / WEIGHTS)
        (fresh / WEIGHTS).chmod(0o644)
        tokenizer.save(fresh / TOKENIZER)
        for name, text in (pages or {}).items():
            (fresh / name).write_text(text, encoding="utf-8")
        notes = {**content["notes"], "fingerprint": _fingerprint(fresh / WEIGHTS, content.get("borrowed"))}
        values = {"format": FORMAT, **content, "notes": notes}
        (fresh / CONFIG).write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
        _swap(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _fingerprint(weights: Path, borrowed: Mapping[str, Any] | None) -> str:
    """What tells models apart: the weights, those that are stored elsewhere included."""
    found = hashlib.sha256(weights.read_bytes())
    found.update(str(borrowed["sha256"]).encode() if borrowed else b"")
    return found.hexdigest()


def _stored(value: Tensor, half: bool) -> Tensor:
    value = value.detach().cpu()
    if value.is_floating_point():
        value = value.half() if half and value.ndim > 1 else value.float()
    return value.contiguous()


def _swap(fresh: Path, folder: Path) -> None:
    fresh.chmod(0o755)
    if folder.exists():
        shutil.rmtree(_aside(folder), ignore_errors=True)
        os.replace(folder, _aside(folder))
    os.replace(fresh, folder)
    shutil.rmtree(_aside(folder), ignore_errors=True)


def _aside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}-before")


def put_back(folder: Path) -> None:
    """Undo half a swap: a process killed between its two renames leaves the model beside its place."""
    folder = folder.resolve()
    if not folder.exists() and _aside(folder).is_dir():
        os.replace(_aside(folder), folder)


def load_config(folder: Path) -> tuple[Experiment, dict[str, Any]]:
    """The experiment, as far as a model in use needs it, and the notes of an exported model.

    How the model was trained is kept in the file but not validated: options of training may come and go.
    """
    path, content = folder / CONFIG, read_config(folder)
    try:
        values = {key: content["experiment"][key] for key in OF_A_MODEL}
        return experiment_from_values({**values, "dataset": NO_DATA}, str(path)), dict(content.get("notes", {}))
    except (ConfigError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path}: does not describe a model: {error}") from error


def read_config(folder: Path) -> dict[str, Any]:
    """Everything that the configuration of an exported model says, as it stands there."""
    path = folder / CONFIG
    content = read_object(path, MAX_CONFIG_BYTES, "a model configuration")
    if content.get("format") != FORMAT:
        raise CheckpointError(f"{path}: not a model of format {FORMAT}")
    return content


def load_model(folder: Path, device: str) -> tuple[DualEncoder, Experiment, Tokenizer, dict[str, Any]]:
    """An exported model, ready for inference."""
    experiment, notes = load_config(folder)
    state = stored_state(folder)
    problems = misfits(outline(experiment, state, str(folder / CONFIG)), state)
    if problems:
        raise CheckpointError(
            f"{folder / WEIGHTS}: the weights belong to another model:\n  " + "\n  ".join(problems[:20])
        )
    with torch.random.fork_rng(devices=[]):
        model = DualEncoder(experiment)
    make_room(model, state)
    model.load_state_dict(state)
    tokenizer = experiment.text.tokenizer(folder / TOKENIZER)
    return model.to(device).eval(), experiment, tokenizer, notes


def stored_state(folder: Path) -> dict[str, Tensor]:
    """The tensors of an exported model as they are stored, those that it borrows included."""
    state = read_weights(folder / WEIGHTS)
    borrowed = stated(read_config(folder), str(folder))
    return state if borrowed is None else {**lent(borrowed, str(folder)), **state}


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
        *(
            f"{key} is {given[key].dtype}, the model's {own[key].dtype}"
            for key in own
            if key in given and own[key].is_floating_point() != given[key].is_floating_point()
        ),
    ]
