"""Jobs as plain data: what would run, where, and how many of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmpt_sign.config.load import load_experiment
from mmpt_sign.errors import ConfigError
from mmpt_sign.launch.job import JobType, jobs, parse_seeds
from mmpt_sign.launch.run_folder import evaluation_folder, run_name

FILE = Path("projects/retri/fingerclip/rwthfs_scratch_pose.yaml")


@pytest.mark.parametrize(("text", "seeds"), [("", []), ("0,1,2", [0, 1, 2]), ("3-5", [3, 4, 5]), ("1, 4-5", [1, 4, 5])])
def test_seeds(text: str, seeds: list[int]) -> None:
    assert parse_seeds(text) == seeds


@pytest.mark.parametrize("text", ["one", "5-1", ",", "-1", "1 2", "0-4-", str(2**31), "0-" + "9" * 30])
def test_wrong_seeds_say_how_to_write_them(text: str) -> None:
    with pytest.raises(ConfigError, match="0,1,2"):
        parse_seeds(text)


@pytest.mark.parametrize(("text", "words"), [("0,0", "twice"), ("3,1-4", "twice"), ("0-2000000000", "at most 1000")])
def test_a_seed_is_launched_once_and_not_millions_of_them(text: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_seeds(text)


@pytest.mark.parametrize(
    ("kind", "processes"), [(JobType.LOCAL_SINGLE, 1), (JobType.LOCAL_SMALL, 2), (JobType.LOCAL_BIG, 4)]
)
def test_the_job_types_of_the_original_run_its_numbers_of_processes(kind: JobType, processes: int) -> None:
    (job,) = jobs(FILE, load_experiment(FILE), kind)
    command = job.command()
    assert job.processes == processes
    assert ("torch.distributed.run" in command) == (processes > 1)
    assert command[command.index("--processes") + 1] == str(processes)


def test_seeds_get_folders_and_overrides_of_their_own() -> None:
    made = jobs(FILE, load_experiment(FILE), JobType.LOCAL_SINGLE, seeds=[0, 7], overrides=["optim.epochs=1"])
    assert [job.folder.name for job in made] == ["seed-0", "seed-7"]
    assert [job.experiment.seed for job in made] == [0, 7]
    assert all("optim.epochs=1" in job.command() for job in made)
    assert "seed=7" in made[1].command()


def test_a_test_twin_evaluates_the_run_of_the_experiment_it_names() -> None:
    twin = load_experiment("projects/retri/fingerclip/test_rwthfs_scratch_pose.yaml")
    assert run_name(twin) == "retri/fingerclip/rwthfs_scratch_pose"
    assert evaluation_folder(Path("r"), twin, "test") == Path("r/eval/rwth_fingerspelling_test")


def test_a_job_prints_as_a_command_line_that_a_shell_can_run() -> None:
    (job,) = jobs(Path("my file.yaml"), load_experiment(FILE), JobType.LOCAL_PREDICT)
    assert "'my file.yaml'" in str(job)
    assert " predict " in str(job)
