"""The repository as tests of packaging see it."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "mmpt_sign"


@cache
def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@cache
def pins() -> dict[str, str]:
    """constraints.txt as name -> version, names in pip's normal form."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pairs = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {normal(name): version for name, version in pairs}


def normal(name: str) -> str:
    """A distribution's name in the form in which pip compares names."""
    return name.lower().replace("_", "-").replace(".", "-")


@cache
def tracked() -> tuple[Path, ...]:
    """Files that are, or would be, in git; outside of a clone every file that is no product of a tool."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    if listed.returncode == 0:
        return tuple(path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file())
    skipped = {".venv", "runs", "build", "dist", "__pycache__"}
    return tuple(path for path in ROOT.rglob("*") if path.is_file() and not skipped & {*path.relative_to(ROOT).parts})


@cache
def sources() -> tuple[Path, ...]:
    """All Python files of the repository."""
    return tuple(sorted(path for path in tracked() if path.suffix == ".py"))


@cache
def modules() -> dict[str, ast.Module]:
    """The package's modules: dotted name -> syntax tree."""
    return {dotted(path): ast.parse(path.read_text(encoding="utf-8")) for path in sources() if PACKAGE in path.parents}


def dotted(path: Path) -> str:
    """``mmpt_sign/losses/info_nce.py`` -> ``mmpt_sign.losses.info_nce``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
