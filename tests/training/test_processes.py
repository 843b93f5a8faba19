"""Two processes on halves of a batch are one process on the whole of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml

from mmpt_sign.config.load import load_experiment
from mmpt_sign.launch.job import JobType, jobs
from mmpt_sign.launch.local import run_here
from tests.corpus import tiny_experiment


@pytest.fixture(scope="module", params=["pooled_dot", "token_softmax"])
def runs(request: pytest.FixtureRequest, corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    """The same four updates by one process on batches of 8 and by two on batches of 4 each, without dropout.

    Tokens are those of prompts that were changed at random as well, and the two processes encode them in chunks.
    """
    folder = tmp_path_factory.mktemp("processes")
    found = {}
    for processes, size in ((1, 8), (2, 4)):
        values = tiny_experiment(corpus, folder / str(processes), batch_size=size, epochs=1, clip_norm=0.0)
        values["similarity"] = {"video_text": request.param}
        if request.param == "token_softmax":
            values["text"]["augment"] = {"random_swap": 1.0}  # type: ignore[index]
            values["dataset"]["prompts"] = ["<en> <ase> {text} seen in a picture"]  # type: ignore[index]
            values["optim"]["chunk"] = 3 if processes == 2 else None  # type: ignore[index]
        values["video"]["pose"]["encoder"]["dropout"] = 0.0  # type: ignore[index]
        values["text"]["dropout"] = 0.0  # type: ignore[index]
        values["job"]["device"] = "cpu"  # type: ignore[index]
        file = folder / f"{processes}.yaml"
        file.write_text(yaml.safe_dump(values))
        (job,) = jobs(file, load_experiment(file), JobType.LOCAL_SINGLE, processes=processes)
        assert run_here(job) == 0
        found[processes] = job.folder
    return found


def test_losses_are_equal(runs: dict[int, Path]) -> None:
    losses = {
        n: [
            entry["loss"]
            for entry in map(json.loads, (run / "train.jsonl").read_text().splitlines())
            if "loss" in entry
        ]
        for n, run in runs.items()
    }
    assert len(losses[1]) == 4
    assert losses[1] == pytest.approx(losses[2], abs=1e-4)


def test_weights_are_equal(runs: dict[int, Path]) -> None:
    states = {
        n: torch.load(run / "checkpoints/last.pt", weights_only=True, map_location="cpu")["model"]
        for n, run in runs.items()
    }
    for key, value in states[1].items():
        torch.testing.assert_close(states[2][key], value, atol=2e-4, rtol=0, msg=key)


def test_examples_of_both_processes_are_counted(runs: dict[int, Path]) -> None:
    counts = [
        json.loads(line)["examples"] for line in (runs[2] / "train.jsonl").read_text().splitlines() if "loss" in line
    ]
    assert counts[0] == 8


def test_a_wrong_number_of_processes_is_refused(corpus: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(yaml.safe_dump(tiny_experiment(corpus, tmp_path)))
    command = [sys.executable, "-m", "mmpt_sign.launch.worker", "train", str(file)]
    command += ["--folder", str(tmp_path / "run"), "--processes", "2"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "WORLD_SIZE": "1"}, check=False)
    assert done.returncode == 2
    assert "2 processes were asked for" in done.stderr


def test_ctrl_c_stops_both_processes_after_the_same_update(corpus: Path, tmp_path: Path) -> None:
    """No process is left waiting for the other, and the run goes on afterwards."""
    values = tiny_experiment(corpus, tmp_path, batch_size=4, epochs=400)
    values["job"]["device"] = "cpu"  # type: ignore[index]
    file = tmp_path / "long.yaml"
    file.write_text(yaml.safe_dump(values))
    (job,) = jobs(file, load_experiment(file), JobType.LOCAL_SINGLE, processes=2)
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(job.command(), env=environment, stderr=subprocess.DEVNULL)
    journal = job.folder / "train.jsonl"
    while not (journal.exists() and len(journal.read_text().splitlines()) > 3):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) != 0
    state = torch.load(job.folder / "checkpoints/last.pt", weights_only=True, map_location="cpu")
    assert 0 < state["extra_state"]["train_iterator"]["epoch"] < 400
