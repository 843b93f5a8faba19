"""A run goes on with a newer version of the package, whose new options it cannot have stored."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.errors import ConfigError
from mmpt_sign.training.same_run import check_same_run
from tests.corpus import tiny_experiment


def test_options_that_came_later_have_their_defaults(tmp_path: Path) -> None:
    experiment = experiment_from_values(tiny_experiment(tmp_path, tmp_path), "test")
    values = experiment.model_dump(mode="json")
    del values["optim"]["chunk"], values["optim"]["clip_tensor"], values["batch"]["unit"]
    del values["streams"]["pose"]["optional"], values["text"]["augment"]
    stored = tmp_path / "experiment.json"
    stored.write_text(json.dumps(values))
    check_same_run(experiment, stored)
    values["optim"]["lr"] = 0.5
    stored.write_text(json.dumps(values))
    with pytest.raises(ConfigError, match=r"optim\.lr: 0\.5 there, 0\.001 here"):
        check_same_run(experiment, stored)
