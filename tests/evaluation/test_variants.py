"""Other stream options at evaluation time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mmpt_sign.config.schema import Experiment
from mmpt_sign.errors import ConfigError
from mmpt_sign.evaluation.variants import with_streams
from mmpt_sign.poses.layouts import layout
from mmpt_sign.registry import build


def made_model() -> Any:
    stream = build("stream", "pose", points="right_hand").fixed_to(layout("hand_21"))
    known: dict[str, Any] = {"streams": {"pose": stream}}
    return SimpleNamespace(experiment=Experiment.model_construct(**known), notes={})


def test_the_weights_stay_and_the_stream_changes() -> None:
    model = made_model()
    changed = with_streams(model, {"pose": {"stride": 2, "normalise": "none"}})
    assert (changed.experiment.streams["pose"].stride, model.experiment.streams["pose"].stride) == (2, 1)
    assert changed.experiment.streams["pose"].point_names == model.experiment.streams["pose"].point_names
    assert changed.notes is model.notes
    assert with_streams(model, {}) is model


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"psoe": {"stride": 2}}, "did you mean 'pose'"),
        ({"pose": {"strid": 2}}, "did you mean 'stride'"),
        ({"pose": {"stride": 0}}, "streams.pose.stride"),
        ({"pose": {"dims": 2}}, "from 63 to 42 numbers"),
    ],
)
def test_mistakes_are_told(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        with_streams(made_model(), options)
