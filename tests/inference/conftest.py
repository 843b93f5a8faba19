"""One trained tiny model for all inference tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmpt_sign.config.load import experiment_from_values
from tests.corpus import make_corpus, tiny_experiment


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder of a run and the corpus it was trained on."""
    from mmpt_sign.training.run import train

    folder = tmp_path_factory.mktemp("inference")
    corpus = make_corpus(folder / "corpus")
    train(experiment_from_values(tiny_experiment(corpus, folder, epochs=8), "test"), folder / "run")
    return folder / "run", corpus
