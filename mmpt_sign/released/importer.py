"""From a released checkpoint to a model folder: tensors, recipe and tokeniser meet, and must agree."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmpt_sign.config.load import experiment_from_values, load_experiment, shipped_experiments
from mmpt_sign.errors import CheckpointError, ConfigError
from mmpt_sign.models.checkpoint import NO_DATA, save_model
from mmpt_sign.models.place import place_for_model
from mmpt_sign.registry import nearest
from mmpt_sign.released.filled import empty_network, filled
from mmpt_sign.released.original_yaml import Recipe, is_original, read_recipe
from mmpt_sign.released.pickled import read_tensors
from mmpt_sign.released.signclip import Released, for_model, recognised, stretched_to
from mmpt_sign.text.weights import locate

if TYPE_CHECKING:
    from mmpt_sign.config.schema import Experiment
    from mmpt_sign.models.bert_shape import BertShape
    from mmpt_sign.text.tokenizer import Tokenizer

USUAL = {609: "baseline_temporal", 63: "rwthfs_scratch_hand_dominant_aug"}  # recipes by numbers per frame


@dataclass(frozen=True)
class Imported:
    """What the user should know of an import."""

    folder: Path
    recipe: str
    parameters: int
    ignored: tuple[str, ...]
    remarks: tuple[str, ...]


def import_signclip(
    checkpoint: Path,
    folder: Path,
    *,
    recipe: str | None = None,
    config: Path | None = None,
    tokenizer: Path | None = None,
    heads: int | None = None,
    overrides: Sequence[str] = (),
) -> Imported:
    """Write a released checkpoint as a model folder that embeds as the original does."""
    place_for_model(folder)
    released = recognised(read_tensors(checkpoint))
    name, found = _recipe(released, recipe, config, overrides)
    words = _tokenizer(released, found, tokenizer)
    experiment = _experiment(released, found, heads or _stated_heads(tokenizer), checkpoint.stem)
    network = _network(released, found, experiment, (words.cls_id, words.sep_id))
    notes = {"imported_from": checkpoint.name, "recipe": name}
    save_model(folder, network, experiment, words, notes)
    count = sum(parameter.numel() for parameter in network.parameters())
    return Imported(folder, name, count, released.ignored, found.remarks)


def _recipe(released: Released, name: str | None, config: Path | None, overrides: Sequence[str]) -> tuple[str, Recipe]:
    if config is not None and name is not None:
        raise ConfigError("give --recipe or --config, not both")
    if config is not None and config.is_file() and is_original(config):
        if overrides:
            raise ConfigError("-o changes our own recipes; edit the original's run file instead")
        return config.name, read_recipe(config, released.frame_size)
    if config is None and name is None:
        name = USUAL.get(released.frame_size)
        if name is None:
            raise ConfigError(
                f"frames of {released.frame_size} numbers: name the recipe that made them (--recipe), or give the "
                "original's run file (--config)"
            )
    file = config if config is not None else _shipped(str(name))
    return str(name or file), _of_ours(load_experiment(file, overrides))


def _shipped(name: str) -> Path:
    known = {path.stem: path for path in shipped_experiments() if not path.stem.startswith("test_")}
    if name not in known:
        raise ConfigError(f"no recipe '{name}'{nearest(name, list(known))}; 'mmpt-sign ls' lists the experiments")
    return known[name]


def _of_ours(experiment: Experiment) -> Recipe:
    tower = next(iter(experiment.video.values()))
    values = experiment.model_dump(mode="json", include={"streams", "text", "video", "similarity"})
    sep = values["video"][next(iter(experiment.video))]["encoder"].get("sep_position", "after_clip")
    similarity = next(iter(values["similarity"].values()))
    found: dict[str, Any] = {
        "streams": {name: values["streams"][name] for name in tower.of or tuple(experiment.streams)[:1]},
        "text": {"max_tokens": experiment.text.max_tokens},
        "video": {"sep_position": sep},
        "normalise": bool(similarity.get("normalise", True)),
    }
    longest = max(stream["max_frames"] for stream in found["streams"].values())
    return Recipe(found, longest, str(values["text"].get("weights") or ""))


def _tokenizer(released: Released, recipe: Recipe, given: Path | None) -> Tokenizer:
    from mmpt_sign.text.tokenizer import Tokenizer

    if given is not None and given.is_file():
        words = Tokenizer.from_vocabulary(given, lower_case=_lower_case(released, recipe))
    else:
        words = Tokenizer.load(given or _usual_tokenizer(recipe))
    if words.vocab_size != released.vocabulary:
        raise CheckpointError(
            f"{given or recipe.bert_name}: a tokeniser of {words.vocab_size} words, but the checkpoint's text tower "
            f"has {released.vocabulary}: it was trained with another one (28,996 is bert-base-cased, 30,522 uncased)"
        )
    return words


def _usual_tokenizer(recipe: Recipe) -> Path:
    try:
        return locate(recipe.bert_name)
    except CheckpointError as error:
        raise CheckpointError(
            f"the tokeniser of {recipe.bert_name or 'this checkpoint'} is not on this machine: give --tokenizer, its "
            f"folder or its vocab.txt ({error})"
        ) from error


def _lower_case(released: Released, recipe: Recipe) -> bool:
    if "cased" in recipe.bert_name:
        return "uncased" in recipe.bert_name
    return released.vocabulary == 30522


def _stated_heads(tokenizer: Path | None) -> int | None:
    """Attention heads as the folder of the tokeniser's own BERT says, if it is one."""
    path = tokenizer / "config.json" if tokenizer is not None and tokenizer.is_dir() else None
    if path is None or not path.is_file():
        return None
    try:
        stated = json.loads(path.read_text(encoding="utf-8")).get("num_attention_heads")
    except (OSError, ValueError, AttributeError) as error:
        raise CheckpointError(f"{path}: cannot be read ({error})") from error
    return int(stated) if isinstance(stated, int) else None


def _experiment(released: Released, recipe: Recipe, heads: int | None, name: str) -> Experiment:
    from mmpt_sign.poses.layouts import layout

    video = released.shape("encoder.bert.", heads)
    rows = stretched_to(recipe.longest_clip, video.max_position_embeddings)
    if rows is not None:
        video = video.model_copy(update={"max_position_embeddings": rows})
    streams = recipe.values["streams"]
    tower = {
        "front_end": {"name": "frame_mlp", "convolutions": released.convolutions, "padded_to": recipe.longest_clip},
        "encoder": {**_bert("bert_video", video, released.projection), **recipe.values["video"]},
        "of": list(streams),
    }
    words = released.shape("text.bert.", heads)
    values: dict[str, Any] = {
        "name": name,
        "dataset": NO_DATA,
        "streams": streams,
        "video": {next(iter(streams)): tower},
        "text": {**_bert("bert", words, released.projection), **recipe.values["text"]},
        "similarity": {"video_text": {"name": "pooled_dot", "normalise": recipe.values.get("normalise", False)}},
        "loss": {"video_text": {"name": "signclip"}},
        "batch": {"merge_texts": False},
    }
    experiment = experiment_from_values(values, f"recipe {name}")
    fixed = {key: stream.fixed_to(layout("holistic_543")) for key, stream in experiment.streams.items()}
    width = sum(stream.width for stream in fixed.values())
    if width != released.frame_size:
        raise CheckpointError(
            f"the recipe makes frames of {width} numbers, the checkpoint reads {released.frame_size}: it belongs to "
            "another recipe"
        )
    return experiment.model_copy(update={"streams": fixed})


def _bert(name: str, shape: BertShape, projection: int | None) -> dict[str, Any]:
    return {"name": name, "weights": None, "architecture": shape.model_dump(), "project": projection}


def _network(released: Released, recipe: Recipe, experiment: Experiment, ends: tuple[int, int]) -> Any:
    network = empty_network(experiment)
    own = network.state_dict()
    rows = stretched_to(recipe.longest_clip, released.shape("encoder.bert.", 1).max_position_embeddings)
    state: Mapping[str, Any] = {
        **{key: own[key] for key in ("text.centre", "text.spread") if key in own},
        **for_model(released, next(iter(experiment.video)), ends, rows),
    }
    return filled(network, state)
