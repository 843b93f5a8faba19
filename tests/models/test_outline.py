"""A configuration of a few lines may describe anything; only what its weights have is built."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mmpt_sign.errors import CheckpointError
from mmpt_sign.models.checkpoint import load_model, save_model
from tests.inference.made import token_model


def temporal(tower: Any) -> None:
    tower["front_end"] = {"name": "temporal", "layers": 10**8}


def convolutions(tower: Any) -> None:
    tower["front_end"] = {"name": "frame_mlp", "convolutions": 10**8}


def kernel(tower: Any) -> None:
    tower["front_end"] = {"name": "frame_mlp", "convolutions": 1, "kernel": 10**30}


def terabytes(tower: Any) -> None:
    sizes = {"hidden_size": 16384, "num_attention_heads": 16, "intermediate_size": 65536}
    tower["encoder"]["architecture"].update(sizes)


def heads(tower: Any) -> None:
    tower["encoder"]["architecture"]["num_attention_heads"] = 7


def activation(tower: Any) -> None:
    tower["encoder"]["architecture"]["hidden_act"] = "nope"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, made = tmp_path_factory.mktemp("models") / "model", token_model()
    save_model(folder, made.network, made.experiment, made.tokenizer, {})
    return folder


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (temporal, "front_end.layers"),
        (convolutions, "far more parts"),
        (kernel, "cannot be built"),
        (terabytes, "belong to another model"),
        (heads, "among 7 heads"),
        (activation, "hidden_act"),
    ],
)
def test_what_the_weights_do_not_fill_is_not_built(model: Path, change: Callable[[Any], None], why: str) -> None:
    path = model / "config.json"
    as_it_was = path.read_text()
    content = json.loads(as_it_was)
    change(content["experiment"]["video"]["pose"])
    path.write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=why):
        load_model(model, "cpu")
    path.write_text(as_it_was)


def test_depth_without_end_is_an_answer(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("[" * 200_000)
    with pytest.raises(CheckpointError, match="not readable as a model configuration"):
        load_model(tmp_path, "cpu")
