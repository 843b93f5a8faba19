from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from mmpt_sign.config.load import experiment_from_values
from mmpt_sign.evaluation.variants import with_streams
from mmpt_sign.launch.test_time import asked_of_streams
from mmpt_sign.poses.layouts import layout
from tests.corpus import tiny_experiment


def experiment(**stream: Any) -> Any:
    values: dict[str, Any] = dict(tiny_experiment("corpus", "runs"))  # type: ignore[arg-type]
    values["streams"] = {"pose": {**values["streams"]["pose"], **stream}}
    return experiment_from_values(values, "here")


def trained(**stream: Any) -> Any:
    """A model with the stream of its run, fixed to the training data."""
    given = experiment(**stream)
    fixed = {name: part.fixed_to(layout("hand_21")) for name, part in given.streams.items()}
    return SimpleNamespace(experiment=given.model_copy(update={"streams": fixed}))


def test_a_twin_may_mirror_and_anonymise_but_nothing_else_of_the_stream() -> None:
    model = trained()
    asked = experiment(flip="left_handed", anonymise=True, normalise="hands", max_frames=8)
    changes = asked_of_streams(model, asked)
    assert changes == {"pose": {"flip": "left_handed", "anonymise": True}}
    pose = with_streams(model, changes).experiment.streams["pose"]
    assert (pose.flip, pose.anonymise, pose.normalise, pose.max_frames) == ("left_handed", True, "none", 64)
    assert pose.point_names == layout("hand_21").points
    assert model.experiment.streams["pose"].flip == "never"


def test_a_plain_test_changes_nothing() -> None:
    model = trained(flip="left_handed")
    assert asked_of_streams(model, experiment(flip="left_handed")) == {}
    assert asked_of_streams(model, model.experiment.model_copy(update={"streams": {}})) == {}
    assert asked_of_streams(SimpleNamespace(), experiment()) == {}


def test_a_test_may_take_the_mirror_back() -> None:
    assert asked_of_streams(trained(flip="left_handed"), experiment()) == {"pose": {"flip": "never"}}
