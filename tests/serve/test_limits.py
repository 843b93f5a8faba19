"""What is refused, how, and that nothing is left behind: keys, sizes, bombs, time, uploads, origins, logs."""

from __future__ import annotations

import gzip
import json
import logging
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from mmpt_sign.errors import ConfigError
from mmpt_sign.inference.model import SignModel
from mmpt_sign.serve.keys import Keys
from mmpt_sign.serve.settings import KEYS_VARIABLE, Settings
from tests.poses.clips import header_bytes
from tests.serve.places import HAND, SlowModel, app_of, b64, client_of, hand_file, serving

KEY = "correct-horse-battery"
JSON = {"Content-Type": "application/json"}


def refused(answer: Any) -> tuple[int, str]:
    """Status and the name of the limit that was hit."""
    return answer.status_code, str((answer.json()["error"].get("limit") or {}).get("name", ""))


@pytest.fixture(scope="module")
def small(model: SignModel) -> Iterator[TestClient]:
    """A server with low limits."""
    limits: dict[str, Any] = {"max_texts": 3, "max_text_chars": 10, "max_clips": 2, "max_frames": 40, "max_answers": 5}
    with client_of(app_of(model, **limits, max_body_bytes=100_000)) as ready:
        yield ready


@pytest.mark.parametrize(
    ("path", "body", "name"),
    [
        ("/v1/embed/text", {"texts": ["x"] * 4}, "max_texts"),
        ("/v1/embed/text", {"texts": ["x" * 11]}, "max_text_chars"),
        ("/v1/embed/pose", {"poses": [b64(hand_file(2))] * 3}, "max_clips"),
        ("/v1/embed/pose", {"poses": [b64(hand_file(30)), b64(hand_file(11))]}, "max_frames"),
        ("/api/embed/pose", {"pose": b64(hand_file(41))}, "max_frames"),
        ("/v1/embed/text", {"texts": ["x" * 150_000]}, "max_body_bytes"),
        ("/v1/classify", {"poses": [b64(hand_file(2))], "prompts": ["x"], "top_k": 6}, "max_answers"),
    ],
)
def test_a_limit_is_named_with_its_value_and_its_flag(
    small: TestClient, path: str, body: dict[str, Any], name: str
) -> None:
    answer = small.post(path, json=body)
    assert refused(answer) == (413, name)
    assert "--" + name.replace("_", "-") in answer.json()["error"]["message"]


def test_a_clip_that_is_too_long_can_be_cut(small: TestClient) -> None:
    body = {"poses": [b64(hand_file(100)), b64(hand_file(5))], "truncate": True}
    assert len(small.post("/v1/embed/pose", json=body).json()["embeddings"]) == 2
    original = {"pose": b64(hand_file(100)), "truncate": True}
    assert small.request("GET", "/api/embed/pose", json=original).status_code == 200


def test_a_body_that_grows_unannounced_is_stopped(small: TestClient) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(150):
            yield b" " * 1000

    assert refused(small.post("/v1/embed/text", content=pieces(), headers=JSON)) == (413, "max_body_bytes")


def test_compressed_bodies_are_not_accepted(client: TestClient) -> None:
    bomb = gzip.compress(b" " * 10_000_000)
    answer = client.post("/v1/embed/text", content=bomb, headers=JSON | {"Content-Encoding": "gzip"})
    assert answer.status_code == 415


def test_json_that_would_grow_in_memory_is_not_parsed(client: TestClient) -> None:
    answer = client.post("/v1/embed/text", content=b'{"texts":[' + b"{}," * 1_000_000 + b"{}]}", headers=JSON)
    assert answer.status_code == 413


def bombs() -> dict[str, bytes]:
    """Small files that claim to be enormous."""
    head = header_bytes(0.2, HAND, "XYZC")
    many = struct.pack("<fHHHH", 0.2, 1, 1, 0, 1) + struct.pack("<H", 1) + b"A" + struct.pack("<H", 4) + b"XYZC"
    return {
        "frames": head + struct.pack("<fIH", 25, 0xFFFFFFFF, 1) + b"\0" * 500,
        "people": head + struct.pack("<fIH", 25, 1, 0xFFFF) + b"\0" * 500,
        "points": many + struct.pack("<HHH", 0xFFFF, 0, 0) + b"\0" * 131_070 + struct.pack("<fIH", 25, 1, 1),
        "limbs": many + struct.pack("<HHH", 1, 0xFFFF, 0xFFFF) + b"\0" * 500,
        "components": struct.pack("<fHHHH", 0.2, 1, 1, 0, 0xFFFF) + b"\0" * 500_000,
        "no people, many frames": header_bytes(0.0, HAND, "XYZC") + struct.pack("<HH", 25, 0xFFFF) + b"\0" * 131_072,
        "nan": head + struct.pack("<fIH", float("nan"), 1, 1) + b"\xff" * 336,
    }


@pytest.mark.parametrize("name", bombs())
def test_header_bombs_are_refused_quickly(client: TestClient, name: str) -> None:
    start = time.perf_counter()
    answer = client.post("/v1/embed/pose", json={"poses": [b64(bombs()[name])]})
    assert answer.status_code in (413, 422), answer.text
    assert time.perf_counter() - start < 5


def test_a_clip_of_almost_no_rate_is_not_resampled_into_millions(model: SignModel) -> None:
    stream = model.experiment.streams["pose"].model_copy(update={"fps": 25.0})
    experiment = model.experiment.model_copy(update={"streams": {"pose": stream}})
    slow = bytearray(hand_file(20))
    at = len(header_bytes(0.2, HAND, "XYZC"))
    struct.pack_into("<f", slow, at, 1e-6)
    with client_of(app_of(SignModel(model.network, experiment, model.tokenizer))) as client:
        assert refused(client.post("/v1/embed/pose", json={"poses": [b64(bytes(slow))]})) == (413, "max_frames")
        assert client.post("/v1/embed/pose", json={"poses": [b64(hand_file(20))]}).status_code == 200


def test_base64_must_be_base64_but_may_have_lines(client: TestClient) -> None:
    lines = "\n".join(b64(hand_file())[n : n + 76] for n in range(0, 10**4, 76))
    assert client.post("/v1/embed/pose", json={"poses": [lines]}).status_code == 200
    for bad in ("====", "AAA", "AAAA=AAAA", "é" * 8, "A" * 1_000_001):
        assert client.post("/v1/embed/pose", json={"poses": [bad]}).status_code == 422


def test_headers_that_never_end_are_cut_off(model: SignModel) -> None:
    with serving(app_of(model)) as address, socket.create_connection(_host(address)) as line:
        line.settimeout(10)
        line.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\n")
        answer = b""
        try:
            for _ in range(200):
                line.sendall(b"X-Bomb: " + b"a" * 4096 + b"\r\n")
            answer = line.recv(1000)
        except ConnectionError:
            pass
        assert not answer or answer.startswith(b"HTTP/1.1 4")
        assert httpx.get(address + "/health").status_code == 200


def test_a_request_whose_time_is_over_gets_503_and_its_work_is_dropped() -> None:
    slow = SlowModel(per_piece=0.3)
    limits: dict[str, Any] = {"max_seconds": 0.8, "max_wait_seconds": 0.8, "batch_pieces": 1}
    with client_of(app_of(slow, **limits)) as client:
        start = time.perf_counter()
        answer = client.post("/v1/embed/text", json={"texts": [str(n) for n in range(50)]})
        assert time.perf_counter() - start < 3
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        time.sleep(0.5)
        done = len(slow.batches)
        assert client.post("/v1/embed/text", json={"texts": ["x"]}).status_code == 200
        assert len(slow.batches) <= done + 1


def test_a_body_that_does_not_arrive_gets_408() -> None:
    app = app_of(SlowModel(), max_seconds=0.5, max_wait_seconds=0.5)
    with serving(app) as address, socket.create_connection(_host(address)) as line:
        line.settimeout(10)
        head = ("POST /v1/embed/text HTTP/1.1", "Host: x", "Content-Type: application/json", "Content-Length: 100")
        line.sendall("\r\n".join((*head, "", "{")).encode())
        assert line.recv(1000).startswith(b"HTTP/1.1 408")


def test_a_client_that_leaves_takes_its_work_along() -> None:
    slow = SlowModel(per_piece=0.1)
    with serving(app_of(slow, batch_pieces=1)) as address:
        with pytest.raises(httpx.ReadTimeout):
            httpx.post(address + "/v1/embed/text", json={"texts": [str(n) for n in range(100)]}, timeout=0.5)
        done = -1
        while done < len(slow.batches):
            done = len(slow.batches)
            time.sleep(0.5)
        assert done < 50, "the work ended long before all was done"


def test_a_bug_is_a_500_without_content_in_answer_or_log(caplog: pytest.LogCaptureFixture) -> None:
    slow = SlowModel()
    slow.failing = {"secret words"}
    with caplog.at_level(logging.INFO, "mmpt_sign.serve"), client_of(app_of(slow, cors="https://a.example")) as client:
        answer = client.post(
            "/v1/embed/text", json={"texts": ["secret words"]}, headers={"Origin": "https://a.example"}
        )
        client.post("/v1/embed/text", json={"texts": ["other words"]})
    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "internal"
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    written = json.dumps([[record.getMessage(), getattr(record, "fields", {})] for record in caplog.records])
    assert "RuntimeError" in written
    assert '"texts": 1' in written
    assert "secret" not in answer.text + written
    assert "words" not in written


def test_keys_are_asked_for_everywhere_but_at_the_operators_doors(
    model: SignModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# ours\n{KEY}  # web page\n\n")
    monkeypatch.setenv(KEYS_VARIABLE, "another-key-of-the-environment")
    with client_of(app_of(model, api_keys=file)) as client:
        body = {"texts": ["x"]}
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"X-API-Key": KEY[:-1]}, {"Authorization": KEY}):
            answer = client.post("/v1/embed/text", json=body, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == "Bearer"
        for headers in (
            {"Authorization": f"Bearer {KEY}"},
            {"X-API-Key": KEY},
            {"X-API-Key": "another-key-of-the-environment"},
        ):
            assert client.post("/v1/embed/text", json=body, headers=headers).status_code == 200
        assert client.request("GET", "/api/embed/text", json={"text": "x"}).status_code == 401
        assert client.get("/metrics").status_code == 401
        assert client.get("/health").status_code == client.get("/ready").status_code == 200


def test_every_key_is_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    import hmac

    compared: list[tuple[int, int]] = []

    def watched(a: bytes, b: bytes) -> bool:
        compared.append((len(a), len(b)))
        return a == b

    keys = Keys(["first-key-of-three", "second-key-of-three", "third-key-of-three"])
    monkeypatch.setattr(hmac, "compare_digest", watched)
    assert keys.admit([(b"x-api-key", b"first-key-of-three")])
    assert not keys.admit([(b"x-api-key", b"f")])
    assert compared == [(32, 32)] * 6  # digests, so that lengths tell nothing; all of them, found or not


def test_bad_key_files_are_refused_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "short").write_text("abc")
    (tmp_path / "empty").write_text("# nothing")
    for name in ("short", "empty", "absent"):
        with pytest.raises(ConfigError):
            Keys.found(tmp_path / name, {})


def test_pages_of_listed_origins_may_call_and_the_original_is_open(model: SignModel) -> None:
    asking = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    with client_of(app_of(model, cors="https://a.example")) as client:
        allowed = client.options("/v1/embed/text", headers=asking)
        assert allowed.headers["access-control-allow-origin"] == "https://a.example"
        other = client.options("/v1/embed/text", headers=asking | {"Origin": "https://b.example"})
        assert "access-control-allow-origin" not in other.headers
        anywhere = client.options("/api/embed/text", headers=asking | {"Origin": "https://b.example"})
        assert anywhere.headers["access-control-allow-origin"] == "*"
    with client_of(app_of(model)) as client:
        answer = client.post("/v1/embed/text", json={"texts": ["x"]}, headers={"Origin": "https://a.example"})
        assert "access-control-allow-origin" not in answer.headers


def test_settings_that_contradict_each_other_are_refused_together() -> None:
    with pytest.raises(ConfigError, match="max_body_bytes .* is above max_bytes_inside"):
        Settings.of({"models": "x", "max_body_bytes": 1 << 30})
    with pytest.raises(ConfigError, match="--max-texts"):
        Settings.of({"models": "x", "max_texts": 0})
    with pytest.raises(ConfigError, match="default"):
        Settings.of({"models": "a=x"})
    with pytest.raises(ConfigError, match="unknown model: b"):
        Settings.of({"models": "x", "indexes": "b=y.npz"})


@pytest.mark.parametrize(
    ("name", "value"), [("temporary", "nowhere"), ("grace_seconds", "inf"), ("max_answers", 10**400)]
)
def test_settings_that_cannot_work_are_refused(name: str, value: Any, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--" + name.replace("_", "-")):
        Settings.of({"models": "x", name: tmp_path / value if name == "temporary" else value})
    assert Settings.of({"models": "x", "temporary": tmp_path}).temporary == tmp_path
    assert not list(tmp_path.iterdir())


def test_settings_come_from_the_environment_too() -> None:
    variables = {
        "MMPT_SIGN_SERVE_MODELS": "runs/a,fine=runs/b",
        "MMPT_SIGN_SERVE_MAX_TEXTS": "7",
        "MMPT_SIGN_SERVE_CORS": "https://a.example, https://b.example",
        "HOME": "/x",
    }
    settings = Settings.from_environment(variables)
    assert settings.models == {"default": Path("runs/a"), "fine": Path("runs/b")}
    assert settings.max_texts == 7
    assert settings.cors == ("https://a.example", "https://b.example")
    with pytest.raises(ConfigError, match="MMPT_SIGN_SERVE_MAX_TEXT"):
        Settings.from_environment(variables | {"MMPT_SIGN_SERVE_MAX_TEXT": "1"})


def test_every_setting_has_a_flag() -> None:
    import inspect

    from mmpt_sign.cli import serve
    from mmpt_sign.serve.settings import PREFIX

    assert set(inspect.signature(serve.serve).parameters) - {"model"} == set(Settings.model_fields)
    assert serve.PREFIX == PREFIX


def _host(address: str) -> tuple[str, int]:
    host, _, port = address.removeprefix("http://").partition(":")
    return host, int(port)
