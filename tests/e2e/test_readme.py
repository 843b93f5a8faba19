"""The README is true: its commands run, in its order, and do what it says."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mmpt_sign.cli.main import app
from tests.conftest import ROOT
from tests.corpus import make_corpus

README = (ROOT / "README.md").read_text(encoding="utf-8")
SHORT = ["-o", "optim.epochs=2", "-o", "job.threads=1", "-o", "job.log_every=1"]
COMMAND = [sys.executable, "-m", "mmpt_sign.cli.main"]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def shell(command: str, folder: Path) -> str:
    """Run one line as a user would, with the commands of this environment."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def demo_lines(folder: Path) -> list[dict[str, float]]:
    text = (folder / "runs/demo/fingerclip/train.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder in which the demo was killed in the middle and then run to its end."""
    folder = tmp_path_factory.mktemp("workplace")
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    eager = [*SHORT, "-o", "job.save_seconds=0"]
    process = subprocess.Popen([*COMMAND, "train-demo", *eager], cwd=folder, env=environment, stdout=subprocess.DEVNULL)
    journal = folder / "runs/demo/fingerclip/train.jsonl"
    while not (journal.exists() and len(journal.read_text().splitlines()) >= 3):
        assert process.poll() is None, "the demo ended before it could be killed"
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    done = subprocess.run(
        [*COMMAND, "train-demo", *SHORT], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    (folder / "said.txt").write_text(done.stdout)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_the_two_commands_of_the_first_screen_exist() -> None:
    first = blocks("sh")[0]
    assert [line.split("#")[0].strip() for line in first.strip().splitlines()] == ["make demo", "make test"]
    planned = subprocess.run(["make", "-n", "demo"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "mmpt-sign train-demo" in planned


def test_a_killed_demo_goes_on(workplace: Path) -> None:
    updates = [line["update"] for line in demo_lines(workplace) if "loss" in line]
    assert updates == list(range(1, len(updates) + 1))


def test_the_demo_says_what_is_held_out_and_prints_the_table(workplace: Path) -> None:
    said = (workplace / "said.txt").read_text()
    assert "Held out, never seen before the test: 101 clips of 4 sign languages" in said
    for word in ("video to text", "text to video", "nearest neighbour", "chance", "'random text'"):
        assert word in said
    assert (workplace / "runs/demo/fingerclip/eval/fingerspelling_lexicon_test/metrics.csv").is_file()


def test_the_shown_output_has_the_shape_of_the_real_one(workplace: Path) -> None:
    """Numbers differ with the length of training; headings, rows and held-out languages must not."""
    shown = re.search(r"<!-- demo output -->\n```\n(.*?)```", README, flags=re.DOTALL)
    assert shown is not None

    def words(text: str) -> set[str]:
        return set(re.findall(r"[A-Za-z]{4,}", text))

    assert words(shown.group(1)) <= words((workplace / "said.txt").read_text())


def test_the_python_of_the_readme_runs(workplace: Path) -> None:
    signs = make_corpus(workplace / "my_signs")
    assert signs.is_dir()
    from mmpt_sign.datasets.fingerspelling_lexicon import FingerspellingLexicon

    clips = [record.source.path for record in FingerspellingLexicon().records(None)[:2]]
    for name, clip in zip(("a.pose", "b.pose"), clips, strict=True):
        shutil.copy(clip, workplace / name)
    (workplace / "use.py").write_text(blocks("python")[0])
    shell(f"{sys.executable} use.py", workplace)


def test_the_shell_of_the_readme_runs(workplace: Path) -> None:
    """Scoring and searching as written; training on one's own signs with fewer epochs."""
    for line in blocks("sh")[1].strip().splitlines():
        shell(line, workplace)
    for line in blocks("sh")[2].strip().splitlines():
        quick = line.replace("mine.yaml -o", "mine.yaml -o optim.epochs=1 -o optim.batch_size=16 -o")
        quick = quick.replace("--seeds 0,1,2", "--seeds 0,1")
        shell(quick.replace("locallaunch.py", str(ROOT / "locallaunch.py")), workplace)
    assert (workplace / "my_results" / "summary.csv").is_file()


@pytest.mark.parametrize("words", sorted(set(re.findall(r"mmpt-sign ((?:(?:data|extract|import) )?[a-z-]+)", README))))
def test_every_command_that_is_named_exists(words: str) -> None:
    ended = CliRunner().invoke(app, [*words.split(), "--help"])
    assert ended.exit_code == 0, words
