"""The shim makes fairseq importable and leaves no other trace; without fairseq one line says what to do."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import io
import logging
import subprocess
import sys
from importlib.util import find_spec

import pytest

from mmpt_sign.errors import NotInstalledError
from mmpt_sign.training import fairseq_shim
from mmpt_sign.training.fairseq_shim import require_fairseq

needs_fairseq = pytest.mark.skipif(find_spec("fairseq") is None, reason="fairseq is not installed (make install)")


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@needs_fairseq
def test_a_bare_import_still_fails_so_the_shim_is_needed() -> None:
    ended = python("import fairseq")
    assert ended.returncode == 1
    assert "mutable default" in ended.stderr


@needs_fairseq
def test_first_use_in_a_fresh_process_even_after_a_failed_bare_import() -> None:
    code = """
import dataclasses, logging
before = vars(dataclasses)["_process_class"]
try:
    import fairseq
except ValueError:
    pass
from mmpt_sign.training.fairseq_shim import require_fairseq
require_fairseq()
require_fairseq()
assert vars(dataclasses)["_process_class"] is before
assert not logging.getLogger().handlers and logging.getLogger().level == logging.WARNING
assert logging.getLogger().isEnabledFor(logging.WARNING)
from fairseq.dataclass.configs import FairseqConfig
print(type(FairseqConfig().common).__name__)
"""
    ended = python(code)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.split() == ["CommonConfig"]


@needs_fairseq
def test_other_dataclasses_keep_the_rule() -> None:
    with fairseq_shim._hashable_configurations():

        @dataclasses.dataclass
        class Plain:
            value: int = 0

        with pytest.raises(ValueError, match="mutable default"):
            dataclasses.make_dataclass("Holder", [("plain", Plain, Plain())])
    assert Plain.__hash__ is None


@needs_fairseq
def test_checkpoints_with_a_namespace_load_safely() -> None:
    import torch

    require_fairseq()
    stored = io.BytesIO()
    torch.save({"args": argparse.Namespace(lr=0.1)}, stored)
    stored.seek(0)
    assert torch.load(stored, weights_only=True)["args"].lr == 0.1


def test_the_program_keeps_its_logging() -> None:
    root = logging.getLogger()
    handlers, level, disabled = root.handlers[:], root.level, root.manager.disable
    with fairseq_shim._untouched_logging():
        logging.basicConfig(force=True, level=logging.DEBUG, stream=sys.stdout)
    assert (root.handlers, root.level, root.manager.disable) == (handlers, level, disabled)


def test_without_fairseq_one_line_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "fairseq", raising=False)
    monkeypatch.setattr(fairseq_shim, "find_spec", lambda name: None)
    with pytest.raises(NotInstalledError, match=r"^fairseq is not installed.*\[train\].*mmpt-sign setup") as caught:
        require_fairseq()
    assert "\n" not in str(caught.value)


def test_a_missing_library_of_fairseq_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(name: str) -> None:
        raise ModuleNotFoundError("No module named 'hydra'", name="hydra")

    monkeypatch.delitem(sys.modules, "fairseq", raising=False)
    monkeypatch.setattr(fairseq_shim, "find_spec", lambda name: object())
    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(NotInstalledError, match="hydra, which fairseq needs"):
        require_fairseq()
