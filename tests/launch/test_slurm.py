"""SLURM jobs, through submitit's local executor."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mmpt_sign.config.load import load_experiment
from mmpt_sign.launch.job import JobType, jobs
from mmpt_sign.launch.slurm import Cluster, submit
from tests.corpus import make_corpus, tiny_experiment

pytest.importorskip("submitit", reason="the training extra is not installed")


def test_a_queued_job_trains_and_its_exit_code_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "tiny.yaml"
    file.write_text(yaml.safe_dump(tiny_experiment(make_corpus(tmp_path / "corpus"), tmp_path, epochs=1)))
    (job,) = jobs(file, load_experiment(file), JobType.LOCAL_SINGLE)
    (handle,) = submit([job], Cluster(executor="local", hours=0.1, cpus=1, memory_gb=2))
    assert handle.result() == 0
    assert (job.folder / "model" / "config.json").is_file()
