"""The original project's own run files, as values of our experiments.

Only what decides how a finished model embeds is translated: how poses and texts become input, and the shape of the
towers.  Keys that never had an effect are reported, so that nobody takes them for part of the recipe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmpt_sign.config.yaml_file import read_marked
from mmpt_sign.errors import ConfigError

KAGGLE = {"face": "asl_signs_face", "face_full": "FACE_LANDMARKS", "left_hand": "LEFT_HAND_LANDMARKS",
          "pose": "POSE_LANDMARKS", "right_hand": "RIGHT_HAND_LANDMARKS"}  # fmt: skip
RIGHT_HAND = ["RIGHT_HAND_LANDMARKS"]
VIDEO_FEATURES = (512, 1024, 768)
POSE_AND_LIPS = 609 + 768
MEANS = "means/sign_vq.npz"  # under the data root; the table is no part of the checkpoints
DEAD = {"dataset": ("dropout", "unique_sampler_num", "vfeat_dir_test"), "": ("input_dim", "slurm_config")}


@dataclass(frozen=True)
class Recipe:
    """What a run file says about a model, in our words, and what should be told to the user."""

    values: Mapping[str, Any]
    longest_clip: int
    bert_name: str
    remarks: tuple[str, ...] = field(default=())


def is_original(path: Path) -> bool:
    """Whether a YAML file is one of the original's rather than one of ours."""
    dataset = read_marked(path).values.get("dataset")
    return isinstance(dataset, dict) and "max_video_len" in dataset


def read_recipe(path: Path, frame_size: int) -> Recipe:
    """The recipe in ``path`` for a checkpoint whose frames have ``frame_size`` numbers."""
    values = read_marked(path).values
    dataset, model = _block(values, "dataset", path), _block(values, "model", path)
    frames, tokens = (_count(dataset, key, path) for key in ("max_video_len", "max_len"))
    stated = model.get("vfeat_dim")
    if stated is not None and int(stated) != frame_size:
        raise ConfigError(f"{path}: says frames of {stated} numbers (model.vfeat_dim), the checkpoint has {frame_size}")
    found: dict[str, Any] = {
        "streams": _streams(dataset, model, frame_size, frames, path),
        "text": {"max_tokens": tokens - 1},
        "video": {"sep_position": frames + 1},
        "normalise": model.get("multimodal_projection") == "l2_norm",
    }
    return Recipe(found, frames, str(dataset.get("bert_name", "")), tuple(_dead_keys(values)))


def _streams(
    dataset: Mapping[str, Any], model: Mapping[str, Any], size: int, frames: int, path: Path
) -> dict[str, dict[str, Any]]:
    if dataset.get("only_lip_reading"):
        return {"lip": _features(768, frames)}
    if size == POSE_AND_LIPS or dataset.get("include_lip_reading"):
        return {"pose": _pose(dataset, frames, path), "lip": _features(768, frames)}
    if size in VIDEO_FEATURES and not dataset.get("pose_components"):
        return {"pose": _features(size, frames)}
    return {"pose": _pose(dataset, frames, path)}


def _features(size: int, frames: int) -> dict[str, Any]:
    return {"kind": "features", "size": size, "max_frames": frames, "long_clips": "truncate"}


def _pose(dataset: Mapping[str, Any], frames: int, path: Path) -> dict[str, Any]:
    pose: dict[str, Any] = {"kind": "pose", "max_frames": frames, "long_clips": "truncate", "z": "raw"}
    components = dataset.get("pose_components")
    preprocess = dataset.get("preprocess")
    if preprocess:
        pose |= {"points": "sign_vq", "normalise": "shoulders_and_wrists"}
        if preprocess == "sign-vq":
            pose["standardise"] = MEANS
        elif preprocess != "sign-vq-original-scale":
            raise ConfigError(f"{path}: dataset.preprocess: {preprocess!r} is not known")
        return {**pose, **_changed(dataset)}
    if components is None:
        points: Any = "full"
    elif components == "reduced_face":
        points = "reduced_face"
    elif isinstance(components, list) and set(components) <= set(KAGGLE):
        return {**pose, **_kaggle(components)}
    elif isinstance(components, list):
        points = "right_hand" if components == RIGHT_HAND else list(map(str, components))
    else:
        raise ConfigError(f"{path}: dataset.pose_components: {components!r} is neither a list nor reduced_face")
    if dataset.get("normalize_hand"):
        pose["normalise"] = "hand_plane"
    return {**pose, **_changed(dataset), "points": points}


def _changed(dataset: Mapping[str, Any]) -> dict[str, Any]:
    """What is done to a signer's looks and handedness at test time."""
    anonymised = {"anonymise": "first_frame"} if dataset.get("anonym_pose") else {}
    return anonymised | ({"flip": "zero_variance_unmasked"} if dataset.get("flip_pose") == "right" else {})


def _kaggle(components: list[str]) -> dict[str, Any]:
    """The first Kaggle runs: no normalisation, legs shown, groups in a fixed order whatever order is written."""
    if "face" in components:
        if set(components) != {"face", "left_hand", "pose", "right_hand"}:
            raise ConfigError(f"pose_components: {', '.join(components)}: 'face' comes with body and both hands only")
        points: Any = KAGGLE["face"]
    else:
        points = [KAGGLE[name] for name in KAGGLE if name in components]
    return {"points": points, "normalise": "none", "hide_legs": False}


def _dead_keys(values: Mapping[str, Any]) -> list[str]:
    found = []
    for block, keys in DEAD.items():
        holder = values.get(block) if block else values
        found += [
            f"{block + '.' if block else ''}{key} never had an effect"
            for key in keys
            if isinstance(holder, Mapping) and key in holder
        ]
    return found


def _block(values: Mapping[str, Any], name: str, path: Path) -> Mapping[str, Any]:
    block = values.get(name)
    if not isinstance(block, Mapping):
        raise ConfigError(f"{path}: no block '{name}'; is it a run file of the original project?")
    return block


def _count(block: Mapping[str, Any], key: str, path: Path) -> int:
    value = block.get(key)
    if not isinstance(value, int) or not 3 < value <= 100_000:
        raise ConfigError(f"{path}: dataset.{key} must be a whole number of at least 4, found {value!r}")
    return value
