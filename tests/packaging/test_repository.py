"""Tracked files name no machine: no absolute paths, no registries, and nothing large or binary slips in."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.packaging.tree import ROOT, tracked

# Put together from parts, so that this file does not hold what it looks for.
HOMES = "|".join(("home", "root", "work", "opt", "Users", "mnt", "scratch", "net", "srv"))
ABSOLUTE = re.compile(rf"(?<![\w.~:/*)}}-])/(?:{HOMES})/\w")
REGISTRY = re.compile(
    "|".join((r"pypi\.(?:org|python)", r"python" + r"hosted\.", r"pytorch\.org/" + "whl", r"file:///\w"))
)
TEXT = {
    "",
    ".py",
    ".md",
    ".txt",
    ".toml",
    ".yaml",
    ".yml",
    ".csv",
    ".json",
    ".cfg",
    ".ini",
    ".html",
    ".js",
    ".css",
    ".in",
}
MAX_BYTES = 1 << 20
LARGER = {"mmpt_sign/packaged/default/model.safetensors": 15 << 20}  # the model that is there after pip install


def texts() -> list[Path]:
    return [path for path in tracked() if path.suffix in TEXT]


@pytest.mark.parametrize("pattern", [ABSOLUTE, REGISTRY], ids=["absolute path", "registry"])
def test_no_machine_is_named(pattern: re.Pattern[str]) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in texts()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found


def test_the_patterns_find_what_they_should() -> None:
    assert ABSOLUTE.search("path: " + "/home" + "/ann/data")
    assert ABSOLUTE.search('"' + "/work" + '/x"')
    assert not ABSOLUTE.search("see docs/work/list.md and projects/home/x.yaml")
    assert REGISTRY.search("https://pypi" + ".org/simple")


def test_files_are_small() -> None:
    sizes = {path.relative_to(ROOT).as_posix(): path.stat().st_size for path in tracked()}
    assert not [name for name, size in sizes.items() if size > LARGER.get(name, MAX_BYTES)]
