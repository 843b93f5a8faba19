"""The Makefile decides rightly when to set up, and refuses a wrong Python before it does anything."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.tree import ROOT

FILES = ("Makefile", "constraints.txt", "pyproject.toml", "setup.py")
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """What the Makefile reads, in a folder of its own."""
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    mine = ("MAKE", "PY", "VENV", "EXTRAS", "TORCH_INDEX", "GOAL")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(mine)}
    command = ["make", "-C", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def stamps(folder: Path, *arguments: str) -> list[str]:
    """The stamps that would be made, that is, the installations that would run."""
    shown = make(folder, "--dry-run", *arguments)
    assert shown.returncode == 0, shown.stderr
    return list(dict.fromkeys(re.findall(r"touch (\S*\.set-up/\S+)", shown.stdout)))


def set_up(folder: Path, *arguments: str) -> None:
    for stamp in stamps(folder, *arguments):
        (folder / stamp).parent.mkdir(parents=True, exist_ok=True)
        (folder / stamp).touch()


def test_without_a_target_the_commands_are_listed(clone: Path) -> None:
    shown = make(clone)
    assert shown.returncode == 0
    assert all(f"make {name} " in shown.stdout for name in ("demo", "test", "install", "lint", "bench", "clean"))


def test_set_up_happens_once(clone: Path) -> None:
    assert len(stamps(clone, "demo")) == 1
    set_up(clone, "demo")
    assert not stamps(clone, "demo")
    assert not stamps(clone, "install")


def test_tests_need_more_than_the_demonstration(clone: Path) -> None:
    set_up(clone, "demo")
    found = {Path(stamp).name: stamp for stamp in stamps(clone, "test")}
    assert len(found) == 4
    assert "train,dev,export,pose,plot,scale,serve" in found
    assert sum(name.startswith("page-") for name in found) == 1
    assert sum("-tfds/" in stamp for stamp in found.values()) == 2
    set_up(clone, "test")
    assert not stamps(clone, "test")
    assert not stamps(clone, "demo")


@pytest.mark.parametrize("name", FILES[1:])
def test_contents_count_and_times_do_not(clone: Path, name: str) -> None:
    set_up(clone, "demo")
    os.utime(clone / name, (4e9, 4e9))
    assert not stamps(clone, "demo")
    with (clone / name).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert len(stamps(clone, "demo")) == 1


@pytest.mark.parametrize("given", ["pose,serve", "pose serve"])
def test_extras_are_added(clone: Path, given: str) -> None:
    set_up(clone, "demo")
    assert [Path(stamp).name for stamp in stamps(clone, "install", f"EXTRAS={given}")] == ["train,pose,serve"]


def test_another_torch_is_installed_once_and_stays(clone: Path) -> None:
    set_up(clone, "demo")
    index = "TORCH_INDEX=https://example.org/cu126"
    assert len(stamps(clone, "demo", index)) == 1
    set_up(clone, "demo", index)
    assert not stamps(clone, "demo", index)
    assert not stamps(clone, "demo")


@pytest.mark.parametrize("goal", ["demo", "test"])
def test_a_wrong_python_is_refused_at_once(clone: Path, goal: str) -> None:
    newer = clone / "python3.99"
    newer.write_text('#!/bin/sh\n[ "$1" = --version ] && { echo Python 3.99.0; exit 0; }\nexit 1\n', encoding="utf-8")
    newer.chmod(0o755)
    for prepared in (False, True):
        if prepared:
            set_up(clone, goal)
        ended = make(clone, goal, f"PY={newer}")
        assert ended.returncode == 2
        assert "Python 3.99.0" in ended.stderr
        assert "apt-get install python3.11 python3.11-venv" in ended.stderr
        assert f"make {goal} PY=" in ended.stderr
        assert not (clone / ".venv/bin").exists()


def test_a_folder_that_is_no_environment_is_never_cleared(clone: Path) -> None:
    (clone / ".venv").mkdir()
    (clone / ".venv/letter.txt").write_text("dear", encoding="utf-8")
    shutil.copytree(ROOT / "mmpt_sign", clone / "mmpt_sign", ignore=shutil.ignore_patterns("__pycache__"))
    ended = make(clone, "install", f"PY={sys.executable}")
    assert ended.returncode == 2
    assert "is no Python environment" in ended.stderr
    assert (clone / ".venv/letter.txt").read_text(encoding="utf-8") == "dear"


def test_ci_calls_make_test_and_installs_nothing_but_a_browser() -> None:
    lines = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert lines[-1] == "make test"
    assert {"set -euo pipefail", "export CI=true"} <= set(lines)  # with CI=true a missing browser is an error
    assert [line.split()[-2] for line in lines if "apt-get install" in line] == ["chromium"]
    assert os.access(ROOT / ".ci/run", os.X_OK)
