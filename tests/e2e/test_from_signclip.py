"""The pages for those who come from other projects: every command on them exists and names files that exist."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from mmpt_sign.cli.main import app

ROOT = Path(__file__).parents[2]
PAGE = "\n".join(page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("from-*.md")))
LINES = [line for block in re.findall(r"```bash\n(.*?)```", PAGE, re.S) for line in block.splitlines()]
WORDS = sorted(set(re.findall(r"mmpt-sign ((?:data|extract|import)? ?[a-z][a-z0-9-]*)", PAGE)))


@pytest.mark.parametrize("line", [line for line in LINES if "locallaunch.py" in line])
def test_a_launch_is_ready_to_start(line: str) -> None:
    words = [sys.executable, *shlex.split(line)[1:], "--dryrun"]
    ended = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "mmpt_sign.launch.worker" in ended.stdout


@pytest.mark.parametrize("words", WORDS)
def test_a_command_exists(words: str) -> None:
    ended = CliRunner().invoke(app, [*words.split(), "--help"])
    assert ended.exit_code == 0, words


def test_the_options_on_the_page_are_options_of_their_commands() -> None:
    command = get_command(app)
    for line in re.findall(r"mmpt-sign ([^`\n|]+)", PAGE):
        known = command
        for word in line.split():
            inner = getattr(known, "commands", {}).get(word)
            if inner is None:
                break
            known = inner
        options = {option for part in known.params for option in part.opts}
        for option in re.findall(r"(?<!\S)(--?[a-zA-Z][a-zA-Z0-9-]*)", line):
            assert option in options, (line, option)
