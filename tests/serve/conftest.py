"""One made model for all tests of the server: its numbers mean nothing, its shapes are those of a real one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.inference.load import load
from mmpt_sign.inference.model import SignModel
from mmpt_sign.poses.layouts import layout
from tests.corpus import tiny_experiment
from tests.serve.places import app_of, client_of, index_over


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An exported model of the layout ``hand_21``."""
    from mmpt_sign.models.checkpoint import save_model
    from mmpt_sign.models.dual_encoder import DualEncoder

    place = tmp_path_factory.mktemp("served")
    experiment = experiment_from_values(tiny_experiment(place / "corpus", place), "test")
    streams = {name: stream.fixed_to(layout("hand_21")) for name, stream in experiment.streams.items()}
    fixed = experiment.model_copy(update={"streams": streams})
    save_model(place / "model", DualEncoder(fixed), fixed, fixed.text.tokenizer(), {})
    return place / "model"


@pytest.fixture(scope="session")
def model(folder: Path) -> SignModel:
    return load(folder, device="cpu")


@pytest.fixture(scope="module")
def client(model: SignModel) -> Iterator[TestClient]:
    with client_of(app_of(model, index_over(model))) as ready:
        yield ready
