"""Starting costs nothing: ``import mmpt_sign`` and ``mmpt-sign --help`` load none of the heavy libraries."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest

HEAVY = (
    "torch",
    "transformers",
    "fairseq",
    "tensorflow",
    "mediapipe",
    "ray",
    "matplotlib",
    "fastapi",
    "sklearn",
)
ATTEMPTS = 5

IMPORT = """
import time
start = time.perf_counter()
import mmpt_sign
print(time.perf_counter() - start)
"""
HELP = """
import sys
from mmpt_sign.cli.main import app
try:
    app(["--help"])
except SystemExit as end:
    loaded = [name for name in {heavy!r} if name in sys.modules]
    sys.exit(f"loaded {{loaded}}" if loaded else end.code)
"""


def run(*arguments: str) -> str:
    ended = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_import_is_quick() -> None:
    assert min(float(run("-c", IMPORT)) for _ in range(ATTEMPTS)) < 0.3


def test_help_is_quick() -> None:
    """In processor time, which other jobs on the machine do not lengthen."""

    def used() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    def seconds() -> float:
        start = used()
        assert "Usage" in run("-m", "mmpt_sign.cli.main", "--help")
        return used() - start

    assert min(seconds() for _ in range(ATTEMPTS)) < 0.5


def test_help_loads_nothing_heavy() -> None:
    run("-c", HELP.format(heavy=HEAVY))


@pytest.mark.parametrize("module", ["mmpt_sign", "mmpt_sign.registry", "mmpt_sign.records", "mmpt_sign.config.load"])
def test_light_modules_load_nothing_heavy(module: str) -> None:
    loaded = run("-c", f"import sys, {module}; print(*[name for name in {HEAVY!r} if name in sys.modules])")
    assert not loaded.split()
