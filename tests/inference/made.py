"""Untrained models that compare tokens, small enough for any test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.inference.model import SignModel
from mmpt_sign.models.dual_encoder import DualEncoder
from mmpt_sign.poses.layouts import layout
from tests.corpus import TINY_BERT, tiny_experiment

HAND = list(layout("hand_21").points)


def token_model(max_frames: int = 16, **changes: Any) -> SignModel:
    """One pose stream of 21 points; windows of few frames, so that clips of tests are longer."""
    return _made(max_frames, ("pose",), {"video_text": "token_softmax"}, changes)


def two_stream_model(max_frames: int = 16) -> SignModel:
    """Poses and another stream of the same kind, scored apart as well."""
    pairs = {"video_text": "token_softmax", "other_text": "token_softmax", "pose_other": "token_softmax"}
    return _made(max_frames, ("pose", "other"), pairs, {})


def with_other(model: SignModel, stream: Any) -> SignModel:
    """A model of two streams with another second one."""
    streams = {**model.experiment.streams, "other": stream}
    return SignModel(model.network, model.experiment.model_copy(update={"streams": streams}), model.tokenizer)


def _made(max_frames: int, streams: tuple[str, ...], pairs: dict[str, str], changes: dict[str, Any]) -> SignModel:
    torch.manual_seed(0)
    values = tiny_experiment(Path("."), Path("."))
    stream = {"kind": "pose", "point_names": HAND, "normalise": "none", "max_frames": max_frames}
    encoder = {"name": "bert_video", "weights": None, "architecture": TINY_BERT}
    values["streams"] = dict.fromkeys(streams, stream)
    values["video"] = {name: {"front_end": "linear", "encoder": encoder} for name in streams}
    values["similarity"] = pairs
    values["loss"] = dict.fromkeys(pairs, "info_nce")
    experiment = experiment_from_values({**values, **changes}, "test")
    return SignModel(DualEncoder(experiment).eval(), experiment, experiment.text.tokenizer(), {"fingerprint": "made"})
