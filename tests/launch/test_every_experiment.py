"""Every shipped experiment of the papers trains two steps and is evaluated, on made files of its corpus's layout."""

from __future__ import annotations

import math
import shutil
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from mmpt_sign.config.load import load_experiment, shipped_experiments, shipped_projects
from mmpt_sign.config.schema import Experiment
from mmpt_sign.files import read_csv
from mmpt_sign.launch.predict import predict
from mmpt_sign.launch.run_folder import run_folder, run_name
from mmpt_sign.models.checkpoint import save_model
from mmpt_sign.models.dual_encoder import DualEncoder
from mmpt_sign.poses.layouts import layout
from mmpt_sign.training.run import train
from tests.launch.made_world import make_world

FAMILIES = ("fingerclip", "signclip", "signclip_v1", "signclip_v1_1", "signclip_asl", "signclip_suisse", "signclip_bsl")
QUICK = ["optim.max_updates=2", "optim.epochs=2", "job.workers=0", "job.threads=1", "batch.multiple=1"]

pytestmark = pytest.mark.slow


def groups() -> dict[str, list[Path]]:
    """The files of each run, the one that trains it first."""
    found: dict[str, list[Path]] = defaultdict(list)
    for file in shipped_experiments():
        if file.parent.name in FAMILIES:
            found[run_name(load_experiment(file))].append(file)
    return {run: sorted(files, key=lambda file: file.stem != Path(run).name) for run, files in sorted(found.items())}


GROUPS = groups()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every corpus, tiny weights under the names of the real ones, and a table of means."""
    return make_world(tmp_path_factory.mktemp("world"))


def quick(file: Path, world: Path) -> Experiment:
    """The experiment as shipped, but for the length of training and the counts that made corpora cannot have."""
    few = ["dataset.valid_rows=1"] if "suisse" in file.parent.name else []
    experiment = load_experiment(file, [*QUICK, *few, f"job.folder={world / 'runs'}"])
    tasks = tuple(_light(task) for task in experiment.evaluate.tasks)
    return experiment.model_copy(update={"evaluate": experiment.evaluate.model_copy(update={"tasks": tasks})})


def _light(task: Any) -> Any:
    """Without intervals and pictures, which are tested elsewhere."""
    dataset = _rare(getattr(task, "dataset", None))
    return task.model_copy(update={"dataset": dataset, "bootstrap": 0, "plots": False})


def _rare(dataset: Any) -> Any:
    """Without the rule that a dictionary shows a concept more than 20 times."""
    vocabulary = getattr(dataset, "vocabulary", None)
    if vocabulary is None:
        return dataset
    return dataset.model_copy(update={"vocabulary": vocabulary.model_copy(update={"more_than": 0})})


def begin(experiment: Experiment, world: Path) -> Experiment:
    """With random weights of the right shape where the experiment wants to start from another's."""
    start = experiment.init_from
    if start is None:
        return experiment
    folder = world / start.model
    if not folder.exists():
        parent = shipped_projects() / f"{start.model.relative_to('runs')}.yaml"
        other = quick(parent, world) if parent.is_file() else experiment
        fixed = {name: stream.fixed_to(layout("holistic_543")) for name, stream in other.streams.items()}
        other = other.model_copy(update={"streams": fixed})
        save_model(folder / "model", DualEncoder(other), other, other.text.tokenizer(), {})
    return experiment.model_copy(update={"init_from": start.model_copy(update={"model": folder})})


@pytest.mark.parametrize("run", GROUPS)
def test_it_trains_and_every_test_of_it_measures(run: str, world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMPT_SIGN_DATA", str(world))
    first = quick(GROUPS[run][0], world)
    folder = run_folder(first)
    train(begin(first, world), folder)
    for file in GROUPS[run]:
        figures = predict(quick(file, world), folder)
        assert figures
        for name, values in figures.items():
            assert all(math.isfinite(value) for value in values.values()), (file, name)
            rows = read_csv(folder / "eval" / name / "metrics.csv")
            assert {row["direction"] for row in rows} == {"video_to_text", "text_to_video"}
    shutil.rmtree(folder)
