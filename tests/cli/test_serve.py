"""``mmpt-sign serve`` up to the point where it would listen."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mmpt_sign.cli.main import app
from mmpt_sign.serve.settings import Settings

runner = CliRunner()


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings of servers that were started."""
    found: list[Settings] = []
    monkeypatch.setattr("mmpt_sign.serve.run.run", lambda settings, _: found.append(settings))
    return found


def test_flags_become_settings(started: list[Settings]) -> None:
    words = ["serve", "runs/a", "-m", "other=runs/b", "--index", "a.npz", "--port", "0", "--max-texts", "7"]
    assert runner.invoke(app, [*words, "--cors", "https://a.example,https://b.example"]).exit_code == 0
    (settings,) = started
    assert settings.models == {"default": Path("runs/a"), "other": Path("runs/b")}
    assert settings.indexes == {"default": Path("a.npz")}
    assert (settings.port, settings.max_texts, settings.cors[1]) == (0, 7, "https://b.example")


def test_variables_become_settings_and_flags_win(started: list[Settings]) -> None:
    variables = {
        "MMPT_SIGN_SERVE_MODELS": "runs/a,other=runs/b",
        "MMPT_SIGN_SERVE_MAX_TEXTS": "7",
        "MMPT_SIGN_SERVE_PORT": "1",
    }
    assert runner.invoke(app, ["serve", "--port", "2"], env=variables).exit_code == 0
    (settings,) = started
    assert set(settings.models) == {"default", "other"}
    assert (settings.port, settings.max_texts) == (2, 7)


def test_contradictions_are_sentences(started: list[Settings]) -> None:
    done = runner.invoke(app, ["serve", "runs/a", "--max-wait-seconds", "60", "--index", "b=x.npz"])
    assert done.exit_code == 2
    assert "index of an unknown model: b" in done.output
    assert not started


def test_an_address_that_is_taken_is_told_before_a_model_is_loaded() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = runner.invoke(app, ["serve", "nothing", "--port", port])
    assert done.exit_code == 2
    assert f"127.0.0.1, port {port}" in done.output
    assert "looked for" not in done.output
    assert runner.invoke(app, ["serve", "nothing", "--host", "192.0.2.1"]).exit_code == 2


def test_a_missing_model_is_a_sentence(tmp_path: Path) -> None:
    done = runner.invoke(app, ["serve", str(tmp_path / "nothing"), "--port", "0"])
    assert done.exit_code == 2
    assert "looked for config.json" in done.output
