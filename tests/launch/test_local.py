"""Children: their exit code is ours, and a signal to us reaches them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmpt_sign.launch.local import run_child


@pytest.mark.parametrize("code", [0, 2, 7])
def test_exit_codes_pass_through(code: int) -> None:
    assert run_child([sys.executable, "-c", f"raise SystemExit({code})"], dict(os.environ)) == code


def test_a_killed_child_is_told_as_a_shell_tells_it() -> None:
    command = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]
    assert run_child(command, dict(os.environ)) == 128 + signal.SIGKILL


def gone(pid: int) -> bool:
    """Whether the process ends within a few seconds."""
    for _ in range(1000):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_a_kill_stop_the_children(tmp_path: Path, number: signal.Signals) -> None:
    marker = tmp_path / "child"
    listen = "import os, signal, time; signal.signal(signal.SIGINT, signal.default_int_handler)"  # CI may ignore it
    child = f"{listen}; open({str(marker)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    parent = (
        "import os, sys; from mmpt_sign.launch.local import run_child; "
        f"sys.exit(run_child([sys.executable, '-c', {child!r}], dict(os.environ)))"
    )
    process = subprocess.Popen([sys.executable, "-c", parent], stderr=subprocess.DEVNULL)
    while not marker.exists() or not marker.read_text():
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait(timeout=20) != 0
    assert gone(int(marker.read_text()))
